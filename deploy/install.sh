#!/bin/sh
# Deploys a release of Hooklane to the AWS account whose credentials are set, with nothing but the AWS CLI.
# It may be interrupted anywhere and run again: every step first looks at what is there.
set -eu

help() {
  cat <<'HELP'
Deploys this release of Hooklane, or upgrades the stack that is there.

  ./install.sh [OPTIONS]

  --region REGION         AWS region (default: AWS_REGION, AWS_DEFAULT_REGION, or the profile's)
  --stack NAME            name of the stack (default: hooklane)
  --parameter NAME=VALUE  sets a parameter of the template; may be repeated. On an upgrade all others keep the
                          value that they have in the stack
  --bucket NAME           bucket of this account for the release, which must exist (default:
                          hooklane-ACCOUNT-REGION, which is made if it does not)
  --prefix PREFIX         where in the bucket (default: hooklane)
  --upload-only           only uploads the release, for deployment with another tool
  --rollback-to VERSION   deploys another version that is in the bucket; parameters keep their values
  --allow-replacement     continues even if a table, a queue or a secret would be replaced or removed, and with it
                          what it holds
  --yes                   does not ask
  --help                  this text

First it uploads the release to the bucket. Then it shows what would change in the stack, and asks before it changes
anything there. Credentials are those that the AWS CLI finds: for another profile set AWS_PROFILE. The rights in
deployer-policy.json cover stacks and buckets whose names begin with hooklane.
HELP
}

# Ends with one line that says what is wrong. What the AWS CLI says of every error is left out.
fail() {
  printf 'install.sh: %s\n' "$*" | sed 's/An error occurred (\([A-Za-z0-9]*\)) when calling the [A-Za-z0-9 ]*operation[^:]*: /\1: /' >&2
  exit 1
}

# Calls AWS. What it answers is in $said; why it refuses, in one line, in $why.
ask() {
  if said=$(aws "$@" --output text 2>"$scratch/why"); then return 0; fi
  why=$(tr '\n' ' ' <"$scratch/why" | sed 's/^ *//; s/ *$//')
  return 1
}

need() {
  ask "$@" || fail "$why"
}

# ---- What is wanted

read_options() {
  region='' stack=hooklane bucket='' prefix=hooklane wanted='' replacement=no agreed=no uploading=no
  while [ $# -gt 0 ]; do
    case $1 in
      --help | -h) help && exit 0 ;;
      --yes) agreed=yes && shift && continue ;;
      --allow-replacement) replacement=yes && shift && continue ;;
      --upload-only) uploading=yes && shift && continue ;;
      --region | --stack | --parameter | --bucket | --prefix | --rollback-to)
        [ $# -ge 2 ] && [ -n "$2" ] || fail "$1 needs a value" ;;
      --*=*) fail "the value of ${1%%=*} is given after a blank: ${1%%=*} ${1#*=}" ;;
      -*) fail "there is no option $1; --help lists them" ;;
      *) fail "'$1' belongs to no option; --help lists them" ;;
    esac
    case $1 in
      --region) region=$2 ;;
      --stack) stack=$2 ;;
      --parameter) add_parameter "$2" ;;
      --bucket) bucket=$2 ;;
      --prefix) prefix=$2 ;;
      --rollback-to) wanted=$2 ;;
    esac
    shift 2
  done
  matches "$stack" '[A-Za-z][A-Za-z0-9-]*' || fail "'$stack' cannot be the name of a stack"
  matches "$prefix" '[A-Za-z0-9._-][A-Za-z0-9._/-]*[A-Za-z0-9._-]' || fail "'$prefix' cannot be a prefix"
  [ -z "$bucket" ] || matches "$bucket" '[a-z0-9][a-z0-9.-]\{1,61\}[a-z0-9]' ||
    fail "'$bucket' cannot be the name of a bucket: that has 3 to 63 lower-case letters, digits, dots and hyphens"
  [ "$uploading" = no ] || [ ! -s "$scratch/given" ] || fail "--upload-only deploys nothing, so --parameter does not go with it"
  [ "$uploading" = no ] || [ -z "$wanted" ] || fail "--rollback-to uploads nothing, so --upload-only does not go with it"
  [ -z "$wanted" ] || matches "$wanted" '[0-9A-Za-z.-]*' || fail "'$wanted' is not a version"
}

# Whether the first text as a whole has this form.
matches() {
  printf '%s\n' "$1" | grep -qx -- "$2"
}

# Writes NAME=VALUE as JSON, because no other form takes every character of a value.
add_parameter() {
  name=${1%%=*} value=${1#*=}
  [ "$(printf '%s' "$1" | tr -d '[:cntrl:]')" = "$1" ] || fail "the value of $name has a line break or a control character"
  matches "$1" '[A-Za-z0-9][A-Za-z0-9]*=.*' || fail "a parameter is given as NAME=VALUE, not as '$1'"
  case $name in ArtifactBucket | ArtifactPrefix) fail "$name follows from --bucket and --prefix" ;; esac
  is_given "$name" && fail "the parameter $name is given twice"
  set_parameter "$name" "$value"
}

is_given() {
  grep -qx -- "$1" "$scratch/given"
}

set_parameter() {
  printf '%s\n' "$1" >>"$scratch/given"
  escaped=$(printf '%s' "$2" | sed 's/\\/\\\\/g; s/"/\\"/g')
  printf '{"ParameterKey": "%s", "ParameterValue": "%s"}\n' "$1" "$escaped" >>"$scratch/parameters"
}

keep_parameter() {
  printf '{"ParameterKey": "%s", "UsePreviousValue": true}\n' "$1" >>"$scratch/parameters"
}

# ---- What is there

# The release beside this script, every file of which must be as it was made.
read_release() {
  cd "$(dirname "$0")"
  [ -f SHA256SUMS ] && [ -f VERSION ] ||
    fail "SHA256SUMS or VERSION is not beside this script: unpack a release, and run its install.sh"
  if command -v sha256sum >/dev/null; then
    set -- sha256sum
  elif command -v shasum >/dev/null; then
    set -- shasum -a 256
  else
    fail "neither sha256sum nor shasum is there to check the release with"
  fi
  damaged=$(LC_ALL=C "$@" -c SHA256SUMS 2>/dev/null | grep -v ': OK$' | sed 's/: .*//' | tr '\n' ' ') || true
  [ -z "$damaged" ] || fail "this release is damaged, download it again. Missing or not as SHA256SUMS says: ${damaged% }"
  "$@" -c SHA256SUMS >/dev/null 2>&1 || fail "this release is damaged, download it again: SHA256SUMS cannot be read"
  version=$(cat VERSION)
  # Before anything is made. The template is written with one parameter a line.
  sed -n '/^ "Parameters": {/,/^ }/s/^  "\([A-Za-z0-9]*\)": {.*/\1/p' template.json >"$scratch/declared"
  require_declared
}

# Each parameter that is given must be one of this version.
require_declared() {
  while read -r name; do
    grep -qx -- "$name" "$scratch/declared" || fail "version $version has no parameter $name"
  done <"$scratch/given"
}

check_aws() {
  command -v aws >/dev/null || fail "the AWS CLI is not on PATH: install version 2 of it"
  case $(aws --version 2>&1) in
    aws-cli/2.*) ;;
    *) fail "the AWS CLI on PATH is not version 2: $(command -v aws)" ;;
  esac
  [ -n "$region" ] || region=${AWS_REGION:-${AWS_DEFAULT_REGION:-}}
  if [ -z "$region" ]; then
    ask configure get region || fail "no region is set: give --region, or set AWS_REGION"
    region=$said
  fi
  matches "$region" '[a-z][a-z]*-[a-z-]*[a-z]-[0-9][0-9]*' || fail "'$region' is not an AWS region"
  export AWS_REGION="$region" AWS_DEFAULT_REGION="$region" AWS_PAGER=
  ask sts get-caller-identity --query Account || case $why in
    *onnect*) fail "the region $region does not answer, is its name right? $why" ;;
    *) fail "no credentials that work in $region: $why" ;;
  esac
  account=$said
  own=hooklane-$account-$region
  [ -n "$bucket" ] || bucket=$own
}

# Sets $status to that of the stack, or to NONE.
look_at_stack() {
  if ask cloudformation describe-stacks --stack-name "$stack" --query 'Stacks[0].StackStatus'; then
    status=$said
  else
    case $why in *'does not exist'*) status=NONE ;; *) fail "the stack $stack cannot be read: $why" ;; esac
  fi
}

# Waits until nobody changes the stack. `started` says that this run does.
wait_for_stack() {
  told=no
  while look_at_stack; do
    case $status-$1 in
      *_IN_PROGRESS-started) ;;
      REVIEW_IN_PROGRESS-*) return 0 ;;
      *_IN_PROGRESS-*) [ "$told" = yes ] || say "The stack is being changed already ($status). Waiting." ;;
      *) return 0 ;;
    esac
    told=yes
    sleep "${HOOKLANE_POLL_SECONDS:-5}"
  done
}

say() {
  printf '%s\n' "$*"
}

# ---- The bucket

# Every call names the owner, so that a bucket of somebody else is never read or written, whoever has its name.
bucket_call() {
  ask s3api "$@" --bucket "$bucket" --expected-bucket-owner "$account"
}

find_bucket() {
  if bucket_call head-bucket; then
    require_region
    return 0
  fi
  case $why in
    *'(404)'*) return 1 ;;
    *'(403)'*) fail "the bucket $bucket belongs to somebody else, or you have no access to it: name another with --bucket" ;;
    *) fail "the bucket $bucket cannot be read: $why" ;;
  esac
}

# Lambda and CloudFormation take archives and templates from their own region alone.
require_region() {
  bucket_call get-bucket-location --query LocationConstraint || fail "$why"
  # The oldest regions have names of their own here.
  case $said in None) said=us-east-1 ;; EU) said=eu-west-1 ;; esac
  [ "$said" = "$region" ] || fail "the bucket $bucket is in $said and not in $region: name another with --bucket"
}

# Only the bucket of this script's own choice: another name may be a mistake.
make_bucket() {
  [ "$bucket" = "$own" ] || fail "there is no bucket $bucket: make it first, or leave --bucket out"
  set -- s3api create-bucket --bucket "$bucket"
  # This one region refuses to be named.
  [ "$region" = us-east-1 ] || set -- "$@" --create-bucket-configuration "LocationConstraint=$region"
  if ! ask "$@"; then
    case $why in
      *BucketAlreadyOwnedByYou*) ;;
      *BucketAlreadyExists*) fail "the bucket $bucket belongs to somebody else: name another with --bucket" ;;
      *) fail "the bucket $bucket cannot be made: $why" ;;
    esac
  fi
  say "Made the bucket $bucket."
}

close_bucket() {
  bucket_call put-public-access-block --public-access-block-configuration \
    BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true || fail "$why"
}

# Whether the bucket has a file with this checksum under the version.
has_object() {
  bucket_call head-object --key "$prefix/$version/$1" --query Metadata.sha256 && [ "$said" = "$2" ]
}

put_object() {
  say "  $1"
  bucket_call put-object --key "$prefix/$version/$1" --body "$1" --metadata "sha256=$2" || fail "$1 cannot be uploaded: $why"
}

# SHA256SUMS comes last: where it is, everything that it lists is.
upload() {
  set -- "$(list_checksum)"
  if bucket_call head-object --key "$prefix/$version/SHA256SUMS" --query Metadata.sha256; then
    [ "$said" = "$1" ] || fail "the bucket $bucket holds another release with the version $version: give another --prefix"
    return 0
  fi
  case $why in *'(404)'*) ;; *) fail "$why" ;; esac
  say "Uploading version $version to $bucket."
  while read -r sum name; do
    has_object "$name" "$sum" || put_object "$name" "$sum"
  done <SHA256SUMS
  put_object SHA256SUMS "$1"
}

# The checksum of the list itself.
list_checksum() {
  if command -v sha256sum >/dev/null; then sha256sum SHA256SUMS; else shasum -a 256 SHA256SUMS; fi | cut -d ' ' -f 1
}

# For a rollback nothing is uploaded: the version is there, and whole.
require_uploaded() {
  version=$wanted
  find_bucket || fail "there is no bucket $bucket, so no version can be deployed from it"
  if ! bucket_call get-object --key "$prefix/$version/SHA256SUMS" "$scratch/sums"; then
    case $why in *NoSuchKey*) ;; *) fail "$why" ;; esac
    bucket_call list-objects-v2 --prefix "$prefix/" --delimiter / --query 'CommonPrefixes[].Prefix' || fail "$why"
    held=$(printf '%s\n' "$said" | tr '\t' '\n' | sed "s|^$prefix/||; s|/\$||" | tr '\n' ' ')
    fail "the bucket $bucket does not hold version $version. It holds: ${held% }"
  fi
  while read -r sum name; do
    has_object "$name" "$sum" || fail "version $version is not complete in the bucket $bucket: $name is not as it was"
  done <"$scratch/sums"
}

# ---- The stack

# Leaves a stack behind that can be changed. Without one, $new is yes.
prepare_stack() {
  wait_for_stack others
  new=no
  case $status in
    NONE | REVIEW_IN_PROGRESS) new=yes ;;
    ROLLBACK_COMPLETE)
      say "The first deployment of $stack failed. Its stack is empty, and must be deleted before another one."
      confirm "Delete it?"
      need cloudformation delete-stack --stack-name "$stack"
      wait_for_stack started
      [ "$status" = NONE ] || fail "the stack $stack could not be deleted: it is in $status"
      new=yes ;;
    CREATE_COMPLETE | UPDATE_COMPLETE | UPDATE_ROLLBACK_COMPLETE | IMPORT_COMPLETE | IMPORT_ROLLBACK_COMPLETE) ;;
    *) fail "the stack $stack is in $status. Repair or delete it first. Nothing was changed" ;;
  esac
  [ -z "$wanted" ] || [ "$new" = no ] || fail "there is no stack $stack in $region that could be rolled back"
}

# Parameters that are given, then those of the stack that this version has too; the rest takes its default.
choose_parameters() {
  running=''
  need cloudformation get-template-summary --template-url "$template" --query 'Parameters[].[ParameterKey]'
  printf '%s\n' "$said" >"$scratch/declared"
  require_declared
  set_parameter ArtifactBucket "$bucket"
  set_parameter ArtifactPrefix "$prefix/$version"
  [ "$new" = no ] || return 0
  need cloudformation describe-stacks --stack-name "$stack" \
    --query "Stacks[0].Parameters[?ParameterKey=='ArtifactPrefix'].ParameterValue"
  running=${said##*/}
  need cloudformation describe-stacks --stack-name "$stack" --query 'Stacks[0].Parameters[].[ParameterKey]'
  printf '%s\n' "$said" >"$scratch/stored"
  while read -r name; do
    if grep -qx -- "$name" "$scratch/declared" && ! is_given "$name"; then keep_parameter "$name"; fi
  done <"$scratch/stored"
}

# Sets $changes to its name, or to nothing if the stack is as it should be.
make_change_set() {
  changes=hooklane-$(date +%s)-$$
  { printf '[' && paste -s -d , "$scratch/parameters" && printf ']\n'; } >"$scratch/parameters.json"
  kind=UPDATE
  [ "$new" = no ] || kind=CREATE
  need cloudformation create-change-set --stack-name "$stack" --change-set-name "$changes" --change-set-type "$kind" \
    --template-url "$template" --parameters "file://$scratch/parameters.json" --capabilities CAPABILITY_IAM \
    --description "Hooklane $version"
  while need cloudformation describe-change-set --stack-name "$stack" --change-set-name "$changes" \
    --no-paginate --query Status; do
    case $said in
      CREATE_COMPLETE) return 0 ;;
      FAILED) break ;;
      *) sleep "${HOOKLANE_POLL_SECONDS:-5}" ;;
    esac
  done
  need cloudformation describe-change-set --stack-name "$stack" --change-set-name "$changes" \
    --no-paginate --query StatusReason
  reason=$said
  drop_change_set
  case $reason in
    *"didn't contain changes"* | *'No updates are to be performed'*) changes='' ;;
    *) fail "the changes cannot be made: $reason" ;;
  esac
}

# A stack that never was more than a plan goes with it.
drop_change_set() {
  case $status in
    NONE | REVIEW_IN_PROGRESS) ask cloudformation delete-stack --stack-name "$stack" || true ;;
    *) ask cloudformation delete-change-set --stack-name "$stack" --change-set-name "$changes" || true ;;
  esac
}

# Shows every change. Those that take what nobody can make again are in $lost.
show_changes() {
  need cloudformation describe-change-set --stack-name "$stack" --change-set-name "$changes" \
    --query 'Changes[].ResourceChange.[Action, Replacement, ResourceType, LogicalResourceId]'
  printf '%s\n' "$said" >"$scratch/changes"
  lost=''
  say "Version $version${running:+, in place of $running,} changes this in the stack $stack of the account $account in $region:"
  while read -r action replaced type name; do
    # Only outputs or tags of the stack change.
    [ -n "$action" ] || { say "  no resource" && continue; }
    mark="$action" danger=no
    case $action-$replaced in
      Remove-*) danger=yes ;;
      *-True) mark=REPLACE danger=yes ;;
      *-Conditional) mark='Modify or replace' danger=yes ;;
    esac
    printf '  %-18s %-40s %s\n' "$mark" "$type" "$name"
    case $danger-$type in
      yes-AWS::DynamoDB::Table | yes-AWS::SQS::Queue | yes-AWS::SecretsManager::Secret) lost="$lost $name" ;;
    esac
    printf '%s\n' "$mark" >>"$scratch/marks"
  done <"$scratch/changes"
  [ ! -s "$scratch/marks" ] || say "In all: $(sort "$scratch/marks" | uniq -c | sed 's/^ *//' | paste -s -d , - | sed 's/,/, /g')."
  [ -n "$lost" ] || ! grep -qx 'Modify or replace' "$scratch/marks" || say "AWS decides about \"Modify or replace\" while it deploys. None of these is a table, a queue or a secret."
}

# Continues only with a yes.
confirm() {
  [ "$agreed" = no ] || return 0
  printf '%s [y/N] ' "$1"
  if ! read -r answer; then
    say ''
    [ -z "${changes:-}" ] || drop_change_set
    fail "nothing was deployed: there was no answer. --yes deploys without asking"
  fi
  case $answer in y | Y | yes | YES) return 0 ;; esac
  [ -z "${changes:-}" ] || drop_change_set
  fail "nothing was deployed"
}

# Whoever interrupts a deployment has not stopped AWS.
interrupted() {
  if [ "$deploying" = yes ]; then
    printf 'install.sh: interrupted, but AWS continues with the deployment. Run the same command again to follow it.\n' >&2
  else
    [ -z "${changes:-}" ] || drop_change_set
    printf 'install.sh: interrupted, nothing was deployed.\n' >&2
  fi
  exit 130
}

deploy() {
  make_change_set
  if [ -z "$changes" ]; then
    say "Version $version is deployed already, and nothing else would change."
    return 0
  fi
  show_changes
  if [ -n "$lost" ] && [ "$replacement" = no ]; then
    drop_change_set
    fail "nothing was deployed: it would replace or remove$lost, and what they hold. Use --allow-replacement to continue"
  fi
  confirm "Deploy version $version to the stack $stack?"
  deploying=yes
  need cloudformation execute-change-set --stack-name "$stack" --change-set-name "$changes"
  say "Deploying. This takes some minutes. If this script is interrupted, AWS continues: run the same command again."
  wait_for_stack started
  case $status in
    CREATE_COMPLETE | UPDATE_COMPLETE) say "Version $version is deployed." ;;
    *) tell_failure ;;
  esac
}

tell_failure() {
  ask cloudformation describe-stack-events --stack-name "$stack" --no-paginate \
    --query "StackEvents[?contains(ResourceStatus, 'FAILED')].[LogicalResourceId, ResourceStatusReason]" || said=''
  [ -z "$said" ] || printf '%s\n' "$said" >&2
  fail "version $version was not deployed: the stack is in $status"
}

tell_outputs() {
  need cloudformation describe-stacks --stack-name "$stack" --query "Stacks[0].Outputs[?contains(
    ['ApiUrl', 'ApiDomainTarget', 'DashboardUrl', 'EgressIp', 'EventQueueUrl', 'OperatorKeySecretArn'], OutputKey
    )].[OutputKey, OutputValue]"
  printf '\n%s\n' "$said"
  key=$(printf '%s\n' "$said" | sed -n 's/^OperatorKeySecretArn[[:space:]]*//p')
  api=$(printf '%s\n' "$said" | sed -n 's/^ApiUrl[[:space:]]*//p')
  [ "$new" = yes ] || { say "Which version answers, with the operator key: GET $api/status" && return 0; }
  cat <<FIRST

What to do first, in one shell: read the operator key, see whether everything answers, register a webhook of the tenant
acme (with an address of yours), and publish an event to it.

  KEY=\$(aws secretsmanager get-secret-value --region $region --query SecretString --output text \\
    --secret-id $key | head -n 1)
  curl -H "Authorization: Bearer \$KEY" $api/status
  curl -H "Authorization: Bearer \$KEY" -H "X-Tenant-Id: acme" -H "Content-Type: application/json" \\
    -d '{"name": "First", "url": "https://example.com/hooks", "events": ["order.created"], "register": true}' $api/webhooks
  curl -H "Authorization: Bearer \$KEY" -H "X-Tenant-Id: acme" -H "Content-Type: application/json" \\
    -d '{"type": "order.created", "data": {"orderId": "A-1"}}' $api/events

Every operation: $api/docs in a browser. Everything else: docs/deploying.md in documentation.zip.
All outputs: aws cloudformation describe-stacks --region $region --stack-name $stack
FIRST
}

main() {
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  deploying=no changes=''
  trap interrupted HUP INT TERM
  : >"$scratch/given" && : >"$scratch/parameters" && : >"$scratch/marks"
  read_options "$@"
  [ -n "$wanted" ] || read_release
  check_aws
  if [ -n "$wanted" ]; then
    require_uploaded
  else
    find_bucket || make_bucket
    # Not only if it was made now: this may have been interrupted between both.
    [ "$bucket" != "$own" ] || close_bucket
    upload
  fi
  suffix=amazonaws.com
  case $region in cn-*) suffix=amazonaws.com.cn ;; esac
  template=https://s3.$region.$suffix/$bucket/$prefix/$version/template.json
  if [ "$uploading" = yes ]; then
    say "Version $version is in the bucket. Its template: $template"
    say "Parameters that name its archives: ArtifactBucket=$bucket ArtifactPrefix=$prefix/$version"
    return 0
  fi
  prepare_stack
  choose_parameters
  deploy
  tell_outputs
}

main "$@"
