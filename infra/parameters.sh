# shellcheck shell=bash
# Whether the parameters fit a template and each other, before anything is created: what CloudFormation would refuse, some of
# it only after it has created other things, and what the functions would refuse at the first release.
# Sourced by deploy.sh, never run. Of YAML it understands what main.yaml, http.yaml, lambda.yaml and task-sets.yaml are written in.
# Of deploy.sh are `name`, `parameters`, `deployed` and `is_own`, of lib.sh the rest.
# shellcheck disable=SC2154

# A parameter's declaration or a part of a rule on one line: "KEY ATTRIBUTE VALUE", "Assert EXPRESSION".
declarations=()
rules=()
wrong=()

# check_parameters TEMPLATE: of infra/, which read_template has read. Reads `name`, `parameters` (given, KEY=VALUE) and `deployed` (of the stack, KEY and VALUE with
# a tab between); ends with all that is wrong.
check_parameters() {
  # [a-z] has no capital letters.
  local LC_ALL=C key
  wrong=()
  for key in $(declared_keys); do
    value_of "$key"
    # What runs is the script's own, and known later.
    is_own "$key" || check_value "$key" "$value"
  done
  if [[ ${#wrong[@]} -eq 0 ]]; then
    check_rules
    check_numbers
    check_steps Steps
    check_steps FurtherSteps
    check_name_of_balancer
  fi
  [[ ${#wrong[@]} -eq 0 ]] || {
    printf '%s: nothing was changed: the parameters do not fit infra/%s\n' "$program" "$1" >&2
    printf '  * %s\n' "${wrong[@]}" >&2
    exit "$ends_misused"
  }
}

# read_template FILE: its sections Parameters and Rules.
read_template() {
  local line section='' key=''
  declarations=()
  rules=()
  while IFS= read -r line; do
    if [[ $line =~ ^([A-Z][A-Za-z]*): ]]; then
      section=${BASH_REMATCH[1]}
    elif [[ $section == Parameters && $line =~ ^'  '([A-Za-z0-9]+):$ ]]; then
      key=${BASH_REMATCH[1]}
    elif [[ $section == Parameters && $line =~ ^'    '([A-Za-z]+):' '(.*)$ ]]; then
      unquote "${BASH_REMATCH[2]}"
      declarations+=("$key ${BASH_REMATCH[1]} $unquoted")
    elif [[ $section == Rules && $line =~ ^' '+('- ')?(RuleCondition|Assert|AssertDescription):' '(.*)$ ]]; then
      rules+=("${BASH_REMATCH[2]} ${BASH_REMATCH[3]}")
    fi
  done <"$1"
}

# unquote SCALAR: as YAML writes it. Sets unquoted.
unquote() {
  unquoted=$1
  if [[ $unquoted == \'*\' ]]; then
    unquoted=${unquoted#\'}
    unquoted=${unquoted%\'}
    unquoted=${unquoted//\'\'/\'}
  fi
}

declared_keys() {
  local declaration
  for declaration in "${declarations[@]}"; do
    [[ $declaration != *' Type '* ]] || say "${declaration%% *}"
  done
}

# declared KEY ATTRIBUTE: sets attribute. False if the template does not say.
declared() {
  local declaration
  for declaration in "${declarations[@]}"; do
    if [[ $declaration == "$1 $2 "* ]]; then
      attribute=${declaration#"$1 $2 "}
      return
    fi
  done
  return 1
}

# value_of KEY: given, or as the stack has it, or the default. Sets value.
value_of() {
  local given
  value=''
  if [[ $1 == Name ]]; then
    value=$name
    return
  fi
  if declared "$1" Default; then value=$attribute; fi
  while IFS= read -r given; do
    if [[ $given == "$1"$'\t'* ]]; then value=${given#*$'\t'}; fi
  done <<<"$deployed"
  for given in ${parameters[@]+"${parameters[@]}"}; do
    if [[ $given == "$1="* ]]; then value=${given#*=}; fi
  done
}

# check_value KEY VALUE: against the parameter's own constraints.
check_value() {
  local fits=yes
  if declared "$1" Type && [[ $attribute == Number ]]; then
    fits_number "$1" "$2" || fits=''
  fi
  if declared "$1" MinLength && [[ ${#2} -lt $attribute ]]; then fits=''; fi
  if declared "$1" MaxLength && [[ ${#2} -gt $attribute ]]; then fits=''; fi
  if declared "$1" AllowedPattern; then
    # Java has \s, POSIX has [:space:]; the templates use it within brackets.
    [[ $2 =~ ${attribute//\\s/[:space:]} ]] || fits=''
  fi
  if declared "$1" AllowedValues; then
    listed "$2" "$attribute" || fits=''
  fi
  [[ -n $fits ]] || wrong+=("parameter $1 is \"$2\"; allowed is: $(allowed "$1")")
}

# fits_number KEY VALUE: whole, unless its least value is not.
fits_number() {
  local number
  [[ $2 =~ ^-?[0-9]{1,12}(\.[0-9]{1,6})?$ ]] || return 1
  if [[ $2 == *.* ]] && declared "$1" MinValue && [[ $attribute != *.* ]]; then return 1; fi
  millionths "$2"
  number=$millionths
  if declared "$1" MinValue; then
    millionths "$attribute"
    [[ $number -ge $millionths ]] || return 1
  fi
  if declared "$1" MaxValue; then
    millionths "$attribute"
    [[ $number -le $millionths ]] || return 1
  fi
}

# millionths NUMBER: Bash has whole numbers only. Sets millionths.
millionths() {
  local whole=${1#-} fraction=''
  if [[ $whole == *.* ]]; then fraction=${whole#*.}; fi
  fraction=${fraction}000000
  millionths=$((10#${whole%%.*} * 1000000 + 10#${fraction:0:6}))
  if [[ $1 == -* ]]; then millionths=-$millionths; fi
}

# listed VALUE [ONE, TWO]
listed() {
  local entry entries=${2#[}
  entries=${entries%]}
  while [[ -n $entries ]]; do
    entry=${entries%%, *}
    if [[ $entries == *', '* ]]; then entries=${entries#*, }; else entries=''; fi
    unquote "$entry"
    if [[ $1 == "$unquoted" ]]; then return; fi
  done
  return 1
}

# allowed KEY: in words.
allowed() {
  if declared "$1" ConstraintDescription || declared "$1" AllowedValues; then say "$attribute"; fi
}

# A rule is a condition, and assertions, each with the sentence for when it does not hold.
check_rules() {
  local part applies='' holds=''
  for part in ${rules[@]+"${rules[@]}"}; do
    rest=${part#* }
    case $part in
      'RuleCondition '*) if evaluate; then applies=yes; else applies=''; fi ;;
      'Assert '*) if evaluate; then holds=yes; else holds=''; fi ;;
      *) [[ -z $applies || -n $holds ]] || wrong+=("$rest") ;;
    esac
  done
}

# evaluate: the condition that `rest` begins with, and takes it away.
evaluate() {
  local left result=0
  case $rest in
    '!Not ['*)
      rest=${rest#'!Not ['}
      if evaluate; then result=1; fi
      ;;
    '!Equals ['*)
      rest=${rest#'!Equals ['}
      operand
      left=$value
      rest=${rest#, }
      operand
      [[ $left == "$value" ]] || result=1
      ;;
    *) fail "this script does not understand the rule that contains: $rest" 'Of conditions it knows !Not and !Equals.' ;;
  esac
  rest=${rest#]}
  return $result
}

# operand: the parameter or text that `rest` begins with. Sets value, takes it away.
operand() {
  if [[ $rest =~ ^'!Ref '([A-Za-z0-9]+) ]]; then
    rest=${rest#"${BASH_REMATCH[0]}"}
    value_of "${BASH_REMATCH[1]}"
  else
    unquote "${rest%%[],]*}"
    value=$unquoted
    rest=${rest#"${rest%%[],]*}"}
  fi
}

# number_of KEY: as a decimal number, also if it begins with 0. Sets value.
number_of() {
  value_of "$1"
  value=$((10#$value))
}

# What rules cannot compare.
check_numbers() {
  local of whose='' least most held
  for of in Primary Service; do
    if declared "${of}MinTasks" Type; then
      whose=$of
      number_of "${of}MinTasks"
      least=$value
      number_of "${of}MaxTasks"
      most=$value
      [[ $least -le $most ]] ||
        wrong+=("${of}MinTasks is $least and ${of}MaxTasks $most; the least must not be above the most")
    fi
  done
  if declared InvokedBy Type; then
    value_of InvokedBy
    if [[ $value == queue ]]; then
      number_of TimeoutSeconds
      least=$value
      number_of VisibilityTimeoutSeconds
      [[ $value -ge $least ]] ||
        wrong+=("VisibilityTimeoutSeconds is $value and TimeoutSeconds $least; a message would be received again while it is worked on: at least as much is needed, and AWS recommends six times")
    fi
  fi
  if declared MaxTasks Type && ! is_balanced; then
    number_of MaxTasks
    [[ $value -gt $least ]] ||
      wrong+=("MaxTasks is $value and ${whose}MinTasks $least; no task would be left for the canary: at least one more is needed")
  fi
  if declared DrainStep Type; then
    number_of DrainStep
    held=$(((100 + value - 1) / value))
    number_of DrainIntervalSeconds
    held=$((held * value))
    number_of PromotionBakeSeconds
    # promote-primary has 30 minutes besides, and CodePipeline gives an action 24 hours.
    [[ $((value + held + 1800)) -le 86400 ]] ||
      wrong+=("PromotionBakeSeconds is $value, and with DrainStep and DrainIntervalSeconds the requests go back in $held seconds; with 30 minutes for tasks that is more than the 24 hours of an action")
  fi
}

# is_balanced: whether a load balancer sends requests to the tasks.
is_balanced() {
  declared ClientCidr Type || return 1
  value_of WorkFrom
  [[ $value != queue ]]
}

check_name_of_balancer() {
  if is_balanced && [[ $name == internal-* ]]; then
    wrong+=("--name $name would be the load balancer's name too, which must not begin with internal-")
  fi
}

# check_steps KEY: what it is like its pattern says; shift-weight asks for more.
check_steps() {
  local steps step weights bakes seconds weight most=100 whose='' number key fraction total=0 place=0
  value_of Mode
  if [[ $value == additive ]] && ! is_balanced; then
    # A set has no more tasks than its service.
    if declared ServiceMinTasks Type; then most=50 whose='stable set'; else most=99 whose=primary; fi
  fi
  value_of "$1"
  steps=${value// /}
  while [[ $steps =~ ^[^{]*\{([^}]*)\}(.*)$ ]]; do
    step=${BASH_REMATCH[1]},
    steps=${BASH_REMATCH[2]}
    weights=0 bakes=0 seconds=0 weight=0
    while [[ $step =~ ^\"([a-zA-Z]+)\":([0-9]+)(\.[0-9]+)?,(.*)$ ]]; do
      step=${BASH_REMATCH[4]}
      number=$((10#${BASH_REMATCH[2]}))
      key=${BASH_REMATCH[1]} fraction=${BASH_REMATCH[3]}
      [[ -z $fraction || $key == weight ]] || wrong+=("$1: field [$place].$key is $number$fraction; a whole number is needed")
      case $key in
        weight) weights=$((weights + 1)) weight=$number$fraction ;;
        bakeMinutes) bakes=$((bakes + 1)) seconds=$((number * 60)) ;;
        *) bakes=$((bakes + 1)) seconds=$number ;;
      esac
    done
    [[ $weights -eq 1 && $bakes -eq 1 ]] ||
      wrong+=("$1: field [$place] needs \"weight\" once, and \"bakeMinutes\" or \"bakeSeconds\" once")
    [[ ${weight%.*} -lt 100 || $weight == 100 ]] || wrong+=("$1: field [$place].weight is $weight; allowed is 0 to 100")
    [[ -z $whose || ${weight%.*} -le $most || ${weight%.*} -gt 100 ]] ||
      wrong+=("$1: field [$place].weight is $weight, which cannot be reached while the $whose keeps its tasks (Mode additive); allowed is 0 to $most")
    total=$((total + seconds))
    place=$((place + 1))
  done
  [[ $total -le 86400 ]] ||
    wrong+=("$1: the shares are held for $total seconds together; CodePipeline gives an action 24 hours, 86400")
}
