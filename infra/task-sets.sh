# shellcheck shell=bash
# Of the example with task sets: in which target group the PRIMARY one is, and whether all of them are at rest.
# Sourced by deploy.sh, never run. Of deploy.sh is `name`, of lib.sh the rest; `own` and `runs` are for it.
# shellcheck disable=SC2034,SC2154
# shellcheck source=infra/ecs.sh
source infra/ecs.sh

# The parameters of the root template that say what runs. The image is told once: later ones are the releases'.
own=(Image Stable)

# refuse_moved_weights: of sets and requests what only a person can have changed, since no release is in progress. Sets stable, the group
# of the PRIMARY set; None without one, and without a load balancer.
refuse_moved_weights() {
  local sets id status scale group primary='' others=()
  stable=None
  sets=$(aws ecs describe-services --cluster "$name" --services "$name" --query "services[?status=='ACTIVE'] | [0].taskSets[].[
    id, status, scale.value, loadBalancers[0].targetGroupArn]") || exit
  [[ $sets != None ]] || no_service "$name"
  while IFS=$'\t' read -r id status scale group; do
    case $status in
      PRIMARY)
        primary=$id stable=$group
        [[ ${scale%.0} == 100 ]] || fail "task set $id of service $name is PRIMARY and has $scale % of its tasks although no release is in progress" \
          'Look who has changed it, and give it all:' \
          "aws ecs update-task-set --cluster $name --service $name --task-set $id --scale value=100,unit=PERCENT"
        ;;
      ACTIVE)
        others+=("$id")
        [[ ${scale%.0} == 0 ]] || fail "task set $id of service $name has $scale % of its tasks, and is not PRIMARY, although no release is in progress" \
          'Look who has made or changed it. A rollback keeps none with tasks, and a promotion neither.' \
          "If nobody needs it: aws ecs delete-task-set --cluster $name --service $name --task-set $id --force"
        ;;
    esac
  done <<<"$sets"
  if [[ -n $primary ]]; then
    refuse_foreign_sets "$primary" ${others[@]+"${others[@]}"}
    [[ $(parameter "$name" WorkFrom) != alb ]] || refuse_requests_elsewhere
  else
    refuse_without_primary ${others[@]+"${others[@]}"}
  fi
}

# refuse_foreign_sets PRIMARY OTHER...: what a release keeps it has made itself, or has put another set in its place.
refuse_foreign_sets() {
  local tags id release replaces of_releases=' ' other
  tags=$(aws ecs describe-task-sets --cluster "$name" --service "$name" --task-sets "$@" --include TAGS --query "taskSets[].[id,
    tags[?key=='canary:release'] | [0].value, tags[?key=='canary:replaces'] | [0].value]") || exit
  while IFS=$'\t' read -r id release replaces; do
    [[ $release == None ]] || of_releases+="$id "
    of_releases+="$replaces "
  done <<<"$tags"
  shift
  for other in "$@"; do
    [[ $of_releases == *" $other "* ]] || fail "task set $other of service $name is not PRIMARY, and no release has made it" \
      'The next release would be refused, too. Look whose it is, and if nobody needs it:' \
      "aws ecs delete-task-set --cluster $name --service $name --task-set $other --force"
  done
}

# refuse_without_primary OTHER...: before the first release there is no set at all.
refuse_without_primary() {
  local last
  last=$(last_release) || exit
  [[ $# -eq 0 && ${last#*$'\t'} != Promoted ]] || fail "service $name has no PRIMARY task set, although a release has promoted one" \
    "Which version is stable nobody can tell. Its other sets: ${*:-none}. If one of them is:" \
    "aws ecs update-service-primary-task-set --cluster $name --service $name --primary-task-set ID"
}

# Both groups change places with every promotion: where the PRIMARY set is, there all requests are to be.
refuse_requests_elsewhere() {
  local blue green
  blue=$(output "$name" BlueTargetGroupArn)
  green=$(output "$name" GreenTargetGroupArn)
  case $stable in
    "$blue") stable=blue; refuse_weights "$blue" blue "$green" green ;;
    "$green") stable=green; refuse_weights "$green" green "$blue" blue ;;
    *) fail "the PRIMARY task set of service $name is in neither target group of the stack: $stable" \
      'The next release would be refused, too. Look who has made it.' ;;
  esac
}

# Which group is stable; as the stack has it where there is none.
live_version() {
  [[ $stable != None ]] || stable=$(parameter "$name" Stable)
  runs=("Stable=$stable")
}

some_work() {
  say '* The first release makes the first task set too: until then nothing runs.'
  if [[ $(parameter "$name" WorkFrom) == alb ]]; then calls ''; else messages; fi
}
