#!/usr/bin/env bash
# Sends orders to the queue of the example, so that there is something to consume while a version is released.
#
#   infra/send-messages.sh [--name NAME] [--count N] [--rate N] [--body TEXT]
#
#   --name NAME  as given to infra/deploy.sh. Default: orders
#   --count N    how many messages, 1 to 1000000. Default: 100
#   --rate N     at most so many a second, 1 to 1000. Default: as they go, in calls of ten, one call after the other:
#                about ten to twenty a second; several of these scripts can run at the same time
#   --body TEXT  of every message; {} in it becomes the number of the message. Default: three umbrellas for customer {}
#   --help       this text
#
# Needs: AWS CLI version 2 (or 1.33 and later) with credentials, and a Region.
# Costs: SQS counts every message as it is sent, received and deleted; the first million requests of a month are free.
# Ended by Ctrl-C it says how many were sent.
#
# Examples:
#   infra/send-messages.sh --count 3000 --rate 10
#   infra/send-messages.sh --body '{"order": {}, "item": "umbrella"}'
#
# Exit codes: 0 all were sent; 1 some were not; 2 wrong usage; 3 a prerequisite is missing; 130 ended by Ctrl-C; 143 by SIGTERM.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=infra/lib.sh
source infra/lib.sh

# Counted once sending has begun.
sent=''
refused=0

main() {
  name=orders
  count=100
  rate=''
  body='three umbrellas for customer {}'
  local answer
  while [[ $# -gt 0 ]]; do
    case $1 in
      --name) value "$@"; name=$2; shift 2 ;;
      --count) value "$@"; whole "$1" "$2" 1000000; count=$2; shift 2 ;;
      --rate) value "$@"; whole "$1" "$2" 1000; rate=$2; shift 2 ;;
      --body) value "$@"; body=$2; shift 2 ;;
      --help | -h) help ;;
      *) misused "unknown option $1" ;;
    esac
  done
  check_name "$name"
  [[ $body != *[[:cntrl:]]* ]] || misused '--body has a line break or another control character'
  check_aws
  stop_on_problems

  if ! answer=$(aws sqs get-queue-url --queue-name "$name" --query QueueUrl 2>&1); then
    fail "there is no queue $name to send to: $(last_line "$answer")" 'Is it the name that infra/deploy.sh was given, and the Region?'
  fi
  queue=$(last_line "$answer")
  doing='sending messages'
  began=$(date +%s)
  sent=0
  send_all
  [[ $refused -eq 0 ]] || exit "$ends_failed"
}

# whole OPTION VALUE MOST
whole() {
  [[ $2 =~ ^[1-9][0-9]{0,6}$ && $2 -le $3 ]] || misused "$1 $2 is not a whole number from 1 to $3"
}

send_all() {
  local next=1 last due
  while [[ $next -le $count ]]; do
    last=$((next + 9))
    [[ -z $rate || $rate -ge 10 ]] || last=$((next + rate - 1))
    [[ $last -le $count ]] || last=$count
    send "$next" "$last"
    next=$((last + 1))
    if [[ -n $rate && $next -le $count ]]; then
      due=$((last / rate))
      [[ $due -le $(passed) ]] || sleep $((due - $(passed)))
    fi
  done
}

# passed: seconds since the first message.
passed() {
  printf '%d' $(($(date +%s) - began))
}

# send FIRST LAST: at most ten messages in one call.
send() {
  local answer
  # The AWS CLI writes a line for each, its kind first.
  answer=$(aws sqs send-message-batch --queue-url "$queue" --entries "$(entries "$1" "$2")" \
    --query "{sent: Successful[].Id, refused: Failed[].join(': ', [Id, Code, not_null(Message, Code)])}") || {
    fail "messages $1 to $2 could not be sent, for the reason above" "$((count - $1 + 1)) were left: --count $((count - $1 + 1))"
  }
  sent=$((sent + $(grep -c '^SENT' <<<"$answer" || true)))
  refused=$((refused + $(grep -c '^REFUSED' <<<"$answer" || true)))
  grep '^REFUSED' <<<"$answer" >&2 || true
  say "$sent of $count"
}

# entries FIRST LAST: as JSON.
entries() {
  local number text separator=''
  printf '['
  for ((number = $1; number <= $2; number++)); do
    text=${body//\\/\\\\}
    text=${text//\"/\\\"}
    printf '%s{"Id": "%d", "MessageBody": "%s"}' "$separator" "$number" "${text//\{\}/$number}"
    separator=', '
  done
  printf ']'
}

clean_up() {
  [[ -z $sent ]] ||
    say "sent $sent messages to $queue in $(passed) s; the queue refused $refused"
}

main "$@"
