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
# Needs: AWS CLI version 2 with credentials, and a Region. Takes about 15 minutes.
#
# Deletes: stack NAME with its services, load balancer or queues and the messages in them, functions, pipeline, alarms and
# dashboard; the releases table with the ledger of all decisions; the logs; all versions of all objects in the buckets; all
# images; stack NAME-artifacts. Nothing of it can be got back, except the table within 35 days from the backup that DynamoDB
# makes of it.
# Free of charge stay: that backup, the task definitions, which are deregistered, and for 30 days the notifications' key,
# which KMS deletes only then and AWS lists until then.
# A connection to a source repository is not the stack's and stays.
# Ended half-way, by an error or by Ctrl-C, it can be run again and goes on.
#
# Examples:
#   infra/destroy.sh
#   infra/destroy.sh --name parcels --yes
#
# Exit codes: 0 nothing is left; 1 failed, refused or declined; 2 wrong usage; 3 a prerequisite is missing.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=infra/lib.sh
source infra/lib.sh

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
  trap 'rm -rf "$scratch"' EXIT

  [[ -n $force ]] || refuse_during_release
  show
  [[ -n $yes ]] || confirm
  delete_stack "$name"
  delete_stack "$name-artifacts"
  deregister_task_definitions
  check_rest
}

refuse_during_release() {
  local release
  release=$(release_in_progress "$name")
  [[ -z $release ]] || fail "a release is in progress: $release" \
    "Reject its approval in pipeline $name-release and wait until it is rolled back, or destroy it too: --force"
}

show() {
  local stack account status
  account=$(aws sts get-caller-identity --query Account)
  say "To be deleted in account $account, Region $AWS_REGION:"
  for stack in "$name" "$name-artifacts"; do
    status=$(stack_status "$stack")
    if [[ -n $status ]]; then
      say "  stack $stack"
      resources "$stack" | sed 's/^/    /'
    else
      say "  stack $stack: is not there"
    fi
  done
  say "  task definitions $name:*, deregistered"
}

# resources STACK: "TYPE ID" of everything in a stack and its nested stacks, tab-separated.
resources() {
  local type id
  aws cloudformation list-stack-resources --stack-name "$1" \
    --query "StackResourceSummaries[?ResourceStatus!='DELETE_COMPLETE' && PhysicalResourceId].[ResourceType, PhysicalResourceId]" |
    while IFS=$'\t' read -r type id; do
      if [[ $type == AWS::CloudFormation::Stack ]]; then resources "$id"; else printf '%s\t%s\n' "$type" "$id"; fi
    done
}

confirm() {
  local answer=''
  printf 'Nothing of it can be got back. Type the name to delete it all: '
  read -r answer || say ''
  [[ $answer == "$name" ]] || fail "nothing was deleted: the answer was not $name"
}

# delete_stack STACK: with what CloudFormation would not delete, as it is not empty.
delete_stack() {
  local status type id
  status=$(settled_status "$1")
  [[ -n $status ]] || return 0
  step "Deleting stack $1"
  resources "$1" >"$scratch/resources"
  while IFS=$'\t' read -r type id; do
    case $type in
      AWS::S3::Bucket) empty_bucket "$id" ;;
      AWS::ECR::Repository) delete_repository "$id" ;;
    esac
  done <"$scratch/resources"
  aws cloudformation delete-stack --stack-name "$1"
  aws cloudformation wait stack-delete-complete --stack-name "$1" || {
    failed_events "$1" >&2
    fail "stack $1 could not be deleted, for the reasons above" 'Put the reason right and run this again.'
  }
}

# empty_bucket BUCKET: all versions and delete markers, a page of at most 1000 at a time.
empty_bucket() {
  local page=$scratch/objects.json errors
  say "    emptying bucket $1"
  while true; do
    aws s3api list-object-versions --bucket "$1" --no-paginate --output json \
      --query '{Objects: [Versions, DeleteMarkers][][].{Key: Key, VersionId: VersionId}}' >"$page"
    grep -q '"VersionId":' "$page" || return 0
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
}

# Those that releases have registered are in no stack. Without a service they only clutter.
deregister_task_definitions() {
  local definitions definition
  step "Deregistering task definitions $name:*"
  definitions=$(aws ecs list-task-definitions --family-prefix "$name" --status ACTIVE --query 'taskDefinitionArns[]')
  for definition in $definitions; do
    [[ $definition == None ]] ||
      aws ecs deregister-task-definition --task-definition "$definition" --query taskDefinition.taskDefinitionArn
  done
}

# By the tag that infra/deploy.sh gives the stacks, and they all that is in them.
check_rest() {
  local rest
  rest=$(aws resourcegroupstaggingapi get-resources --tag-filters "Key=application,Values=$name" \
    --query "ResourceTagMappingList[?!contains(ResourceARN, ':task-definition/')].ResourceARN" | tr '\t' '\n') ||
    fail 'everything was deleted, but AWS does not tell whether anything is left, for the reason above'
  if [[ -z $rest || $rest == None ]]; then
    step "Nothing is left of $name"
  else
    step "Deleted. AWS still lists these with the tag application=$name; what was deleted just now can stay listed for a while"
    say "$rest"
  fi
}

main "$@"
