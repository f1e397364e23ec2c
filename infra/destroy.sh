#!/usr/bin/env bash
# Deletes what infra/deploy.sh has made, and what releases have added to it, so that nothing is left that costs money.
# Shows what that is and asks first.
#
#   infra/destroy.sh [--name NAME] [--yes] [--force]
#
#   --name NAME  as given to infra/deploy.sh. Default: orders
#   --yes        do not ask
#   --force      also while a release is in progress
#   --help       this text
#
# Needs: AWS CLI version 2 (or 1.33 and later) with credentials, and a Region. Takes about 15 minutes.
#
# Deletes: stack NAME with its services and the task sets of them, load balancer or queues and the messages in them, functions with all their versions, pipeline, alarms and
# dashboard; the releases table with the ledger of all decisions; the logs; all versions of all objects in the buckets; all
# images; stack NAME-artifacts. Nothing of it can be got back, except the table within 35 days from the backup that DynamoDB
# makes of it.
# Free of charge stay: that backup, the task definitions, which are deregistered, and for 30 days the notifications' key,
# which KMS deletes only then and AWS lists until then.
# A connection to a source repository is not the stack's and stays. So does what a template keeps by DeletionPolicy: Retain.
#
# Refuses before it changes anything: stacks of these names that infra/deploy.sh has not made (without the tag
# canary-release=NAME, or of another template), termination protection of either stack, a release in progress. A bucket is emptied
# and a repository loses its images only after CloudFormation has tried to delete them, with the stack that they are part of.
# What was deleted is listed at the end, also after an error.
# Ended half-way, by an error or by Ctrl-C, it can be run again and goes on.
#
# Examples:
#   infra/destroy.sh
#   infra/destroy.sh --name parcels --yes
#
# Exit codes: 0 nothing is left; 1 failed, refused or declined; 2 wrong usage; 3 a prerequisite is missing; 130 ended by Ctrl-C;
# 143 by SIGTERM.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=infra/lib.sh
source infra/lib.sh

scratch=''
# The stacks that there are, those of them that are a plan only, and what was deleted.
there=()
planned=()
gone=()
# Of which example stack NAME is.
example=''

main() {
  name=orders
  local yes='' force=''
  while [[ $# -gt 0 ]]; do
    case $1 in
      --name) value "$@"; name=$2; shift 2 ;;
      --yes) yes=yes; shift ;;
      --force) force=yes; shift ;;
      --help | -h) help ;;
      *) misused "unknown option $1" ;;
    esac
  done
  check_name "$name"
  check_aws
  stop_on_problems
  scratch=$(mktemp -d)
  doing='looking at what there is'
  check_stacks
  [[ -n $force ]] || refuse_during_release
  show
  [[ -n $yes ]] || confirm
  [[ $example != task-sets ]] || is_planned "$name" || delete_service
  delete_stack "$name"
  delete_stack "$name-artifacts"
  deregister_task_definitions
  check_rest
}

clean_up() {
  rm -rf "$scratch"
  [[ ${#gone[@]} -gt 0 ]] || return 0
  printf '\nDeleted:\n'
  printf '  %s\n' "${gone[@]}"
}

# Whose the stacks are, and whether they may be deleted.
check_stacks() {
  local stack
  for stack in "$name" "$name-artifacts"; do
    if [[ $stack == "$name" ]]; then
      inspect "$stack" queue http lambda task-sets
      example=$kind
    else
      inspect "$stack" artifacts
    fi
    [[ -n $status ]] || continue
    there+=("$stack")
    [[ $status != REVIEW_IN_PROGRESS ]] || planned+=("$stack")
    [[ $protection != True ]] || fail "stack $stack has termination protection, so nothing was deleted" \
      "If it may go: aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name $stack"
  done
}

refuse_during_release() {
  local release
  # Without the stack the table of the name is somebody else's.
  is_there "$name" && ! is_planned "$name" || return 0
  release=$(release_in_progress) || exit
  [[ -z $release ]] || fail "a release is in progress: $release" \
    "Reject its approval in pipeline $name-release and wait until it is rolled back, or destroy it too: --force"
}

is_there() {
  [[ " ${there[*]-} " == *" $1 "* ]]
}

# is_planned STACK: there are change sets for it, and nothing in it.
is_planned() {
  [[ " ${planned[*]-} " == *" $1 "* ]]
}

show() {
  local stack account
  account=$(aws sts get-caller-identity --query Account)
  say "To be deleted in account $account, Region $AWS_REGION:"
  for stack in "$name" "$name-artifacts"; do
    if is_planned "$stack"; then
      say "  stack $stack: nothing but its plan"
    elif is_there "$stack"; then
      say "  stack $stack"
      resources "$stack" >"$scratch/resources"
      sed 's/^/    /' "$scratch/resources"
    else
      say "  stack $stack: is not there"
    fi
  done
  say "  task definitions $name:* that are tagged $marker=$name, deregistered"
}

# resources STACK: "TYPE ID" of everything in a stack and its nested stacks, tab-separated; what their templates keep is marked.
resources() {
  local type id logical kept
  kept=" $(kept_resources "$1") " || exit
  aws cloudformation list-stack-resources --stack-name "$1" \
    --query "StackResourceSummaries[?ResourceStatus!='DELETE_COMPLETE' && PhysicalResourceId].[ResourceType, PhysicalResourceId, LogicalResourceId]" |
    while IFS=$'\t' read -r type id logical; do
      if [[ $kept == *" $logical "* ]]; then
        printf '%s\t%s\tstays: DeletionPolicy Retain\n' "$type" "$id"
      elif [[ $type == AWS::CloudFormation::Stack ]]; then
        resources "$id"
      else
        printf '%s\t%s\n' "$type" "$id"
      fi
    done
}

# kept_resources STACK: what its template keeps. "--output json" would not help: a template in YAML is one text.
kept_resources() {
  local template line logical=''
  template=$(aws cloudformation get-template --stack-name "$1" --query TemplateBody) || exit
  while IFS= read -r line; do
    if [[ $line =~ ^'  '([A-Za-z0-9]+):' '*$ ]]; then
      logical=${BASH_REMATCH[1]}
    elif [[ $line =~ ^'    DeletionPolicy: '[\'\"]?Retain ]]; then
      printf '%s ' "$logical"
    fi
  done <<<"$template"
}

confirm() {
  local answer=''
  printf 'Nothing of it can be got back. Type the name to delete it all: '
  read -r answer || say ''
  [[ $answer == "$name" ]] || fail "nothing was deleted: the answer was not $name"
}

# delete_stack STACK: CloudFormation deletes what it may, and does not delete a bucket or repository with something in it. Of
# these, and of no others, the contents go, and it is asked again.
delete_stack() {
  local type id
  is_there "$1" || return 0
  step "Deleting stack $1"
  settled_status "$1" >/dev/null
  if ! try_to_delete "$1"; then
    not_deleted "$1" >"$scratch/resources"
    if [[ ! -s $scratch/resources ]]; then could_not_delete "$1"; fi
    while IFS=$'\t' read -r type id; do
      case $type in
        AWS::S3::Bucket) empty_bucket "$id" ;;
        AWS::ECR::Repository) delete_repository "$id" ;;
      esac
    done <"$scratch/resources"
    try_to_delete "$1" || could_not_delete "$1"
  fi
  gone+=("stack $1")
}

# delete_service: with the task sets that releases have made, which are in no stack. CloudFormation takes one that is gone as deleted.
delete_service() {
  local answer
  step "Deleting service $name with its task sets"
  answer=$(aws ecs delete-service --cluster "$name" --service "$name" --force --query service.status 2>&1) ||
    [[ $answer == *ServiceNotFoundException* || $answer == *ServiceNotActiveException* || $answer == *ClusterNotFoundException* ]] ||
    fail "service $name cannot be deleted: $(last_line "$answer")"
  aws ecs wait services-inactive --cluster "$name" --services "$name" 2>"$scratch/waiting" || true
  gone+=("service $name with its task sets")
}

# try_to_delete STACK: false if something is left of it.
try_to_delete() {
  aws cloudformation delete-stack --stack-name "$1" || fail "CloudFormation does not take on to delete stack $1, for the reason above"
  aws cloudformation wait stack-delete-complete --stack-name "$1" 2>"$scratch/waiting"
}

could_not_delete() {
  failed_events "$1" >&2
  fail "stack $1 could not be deleted, for the reasons above" 'Put the reason right and run this again.'
}

# not_deleted STACK: "TYPE ID" of the buckets and repositories that CloudFormation could not delete, of nested stacks too.
not_deleted() {
  local type id
  aws cloudformation list-stack-resources --stack-name "$1" \
    --query "StackResourceSummaries[?ResourceStatus=='DELETE_FAILED' && PhysicalResourceId].[ResourceType, PhysicalResourceId]" |
    while IFS=$'\t' read -r type id; do
      case $type in
        AWS::CloudFormation::Stack) not_deleted "$id" ;;
        AWS::S3::Bucket | AWS::ECR::Repository) printf '%s\t%s\n' "$type" "$id" ;;
      esac
    done
}

# empty_bucket BUCKET: all versions and delete markers, a page of at most 1000 at a time.
empty_bucket() {
  local page=$scratch/objects.json errors
  say "    emptying bucket $1"
  while true; do
    aws s3api list-object-versions --bucket "$1" --no-paginate --output json \
      --query '{Objects: [Versions, DeleteMarkers][][].{Key: Key, VersionId: VersionId}}' >"$page"
    if ! grep -q '"VersionId":' "$page"; then
      gone+=("what was in bucket $1")
      return
    fi
    errors=$(aws s3api delete-objects --bucket "$1" --delete "file://$page" \
      --query 'Errors[].[Key, VersionId, Code, Message]')
    [[ -z $errors || $errors == None ]] || fail "bucket $1 cannot be emptied" "$errors"
  done
}

# delete_repository REPOSITORY: with its images. CloudFormation takes one that is gone as deleted.
delete_repository() {
  local answer
  say "    deleting image repository $1 with its images"
  answer=$(aws ecr delete-repository --repository-name "$1" --force 2>&1) ||
    [[ $answer == *RepositoryNotFoundException* ]] || fail "repository $1 cannot be deleted: $(last_line "$answer")"
  gone+=("image repository $1 with its images")
}

# Those that releases have registered are in no stack; they have the tags of the stack's own. Without a service they only
# clutter.
deregister_task_definitions() {
  local active tagged definition
  step "Deregistering task definitions $name:*"
  active=$(aws ecs list-task-definitions --family-prefix "$name" --status ACTIVE --query 'taskDefinitionArns[]')
  tagged=" $(tagged | tr '\t\n' '  ') "
  for definition in $active; do
    [[ $tagged == *" $definition "* ]] || continue
    aws ecs deregister-task-definition --task-definition "$definition" --query taskDefinition.taskDefinitionArn
    gone+=("task definition $definition, deregistered")
  done
}

# tagged: the ARNs of what has the tag that infra/deploy.sh gives the stacks, and they what is in them.
tagged() {
  aws resourcegroupstaggingapi get-resources --tag-filters "Key=$marker,Values=$name" \
    --query 'ResourceTagMappingList[].ResourceARN'
}

check_rest() {
  local rest
  doing='looking for what is left'
  rest=$(tagged) || fail 'everything was deleted, but AWS does not tell whether anything is left, for the reason above'
  rest=$(tr '\t' '\n' <<<"$rest" | grep -vE ':task-definition/|^None$|^$' || true)
  if [[ -z $rest ]]; then
    step "Nothing is left of $name"
  else
    step "Deleted. AWS still lists these with the tag $marker=$name; what was deleted just now can stay listed for a while"
    say "$rest"
  fi
}

main "$@"
