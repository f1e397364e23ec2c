#!/usr/bin/env bash
# Makes the pictures of the README from a real rehearsal: the live view in the middle of a release, and the report.
# Needs tmux, aha and chromium (Debian packages of these names), and five minutes once everything is built.
set -euo pipefail
cd "$(dirname "$0")/.."

images=shared/docs/images
work=$(mktemp -d)
session=rehearsal-pictures-$$
trap 'tmux kill-session -t "$session" 2>/dev/null || true; rm -rf "$work"' EXIT

cargo build --workspace --bins
tmux new-session -d -s "$session" -x 118 -y 42 "target/debug/rehearsal --report $work/report.html"

# Half of the work is the canary's: that is what the picture is to show.
until tmux capture-pane -p -t "$session" | grep -q '50 % attained'; do sleep 1; done
sleep 8
tmux capture-pane -p -e -t "$session" | aha --black --title 'live view' >"$work/live.html"
while tmux has-session -t "$session" 2>/dev/null; do sleep 1; done

shoot() {
  chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=1 \
    --window-size="$3" --screenshot="$2" "file://$1" 2>/dev/null
}
sed -i 's/<pre>/<pre style="font: 13px DejaVu Sans Mono, monospace; margin: 12px">/' "$work/live.html"
shoot "$work/live.html" "$images/live-view.png" 980,700
shoot "$work/report.html" "$images/report.png" 980,900
