# shellcheck shell=bash
# Of the examples with two ECS services: the image that is live.
# Sourced by deploy.sh, never run. Of deploy.sh are `name` and `root`, of lib.sh the rest; `own` and `runs` are for it.
# shellcheck disable=SC2034,SC2154
# shellcheck source=infra/ecs.sh
source infra/ecs.sh

# The parameters of the root template that say what runs.
own=(Image)

refuse_moved_weights() {
  local primary canary
  [[ $root == http.yaml ]] || return 0
  primary=$(output "$name" PrimaryTargetGroupArn)
  canary=$(output "$name" CanaryTargetGroupArn)
  refuse_weights "$primary" primary "$canary" canary
}

# The image that the primary runs.
live_version() {
  local image canary
  image=$(service_image "$name")
  canary=$(service_image "$name-canary")
  [[ $image == "$canary" ]] || fail 'the two services run different images although no release is in progress' \
    "$name: $image" "$name-canary: $canary" \
    'An update would set both to one image. Release the wanted image through the pipeline, or put the canary service right by hand.'
  check_image "what service $name runs" "$image"
  runs=("Image=$image")
}

# service_image SERVICE: the image of container app.
service_image() {
  local definition image
  definition=$(aws ecs describe-services --cluster "$name" --services "$1" \
    --query "services[?status=='ACTIVE'] | [0].taskDefinition") || exit
  [[ $definition != None ]] || no_service "$1"
  image=$(aws ecs describe-task-definition --task-definition "$definition" \
    --query "taskDefinition.containerDefinitions[?name=='app'] | [0].image") || exit
  [[ $image != None ]] || fail "task definition $definition of service $1 has no container app"
  say "$image"
}

some_work() {
  if [[ $root == http.yaml ]]; then calls ''; else messages; fi
}
