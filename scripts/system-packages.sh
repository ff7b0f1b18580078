#!/usr/bin/env bash
# Makes sure of the Debian packages that development and the tests need. Running the product needs none of them
# but python3-venv. As root it installs what is missing; otherwise it prints the one command that would.
set -euo pipefail
declare -A provides=(
  [make]="command -v make"
  [python3-venv]="python3 -c 'import ensurepip, venv'"
  [chromium]="command -v chromium"
  [libatomic1]="ldconfig -p | grep libatomic.so.1"  # the browser's driver links to it
  [fonts-wqy-microhei]="test -e /usr/share/fonts/truetype/wqy/wqy-microhei.ttc"
  [postgresql]="ls /usr/lib/postgresql/*/bin/initdb"
)
wanted=("$@")
[ ${#wanted[@]} -gt 0 ] || wanted=("${!provides[@]}")
missing=()
for package in "${wanted[@]}"; do
  eval "${provides[$package]}" >/dev/null 2>&1 || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
install=(apt-get install --yes --no-install-recommends "${missing[@]}")
if [ "$(id -u)" -ne 0 ]; then
  echo "Missing system packages. Run:  sudo ${install[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet=2
# The tests start servers of their own; the package's must not run beside them.
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
"${install[@]}" --quiet=2 </dev/null >/dev/null
