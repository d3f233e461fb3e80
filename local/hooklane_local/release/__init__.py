"""What a release holds, made from built functions: `make release`.

A release needs no checkout, no Rust and no SAM: its `install.sh` deploys it with the AWS CLI alone
(docs/adr/0088-releases-without-compiling.md).
"""
