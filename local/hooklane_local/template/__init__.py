"""Assertions on `template.yaml`: it is translated offline, as AWS would, and a table of checks is held against it.

`source` reads and translates, `resolve` computes the intrinsic functions for a set of parameters, `assertions`
has the table, `stacks` the sets of parameters, `mutations` the changes that the assertions must notice, and
`scanners` runs cfn-lint and checkov on the translation.
"""
