#!/bin/sh
# Prepares the training text where the referee looks for it, unless it is there. The workflow runs this before each trial,
# so the first trial on a runner takes longer.
set -e
data="${AUTORESEARCH_DATA:-$HOME/.cache/autoresearch/data}"
[ ! -f "$data/manifest.json" ] || exit 0
cd "$(dirname "$0")/.."
echo "Preparing the training text in $data"
# The text `packages` is that of the packages in the lock file.
if ! grep -q '^data = ' trainer/pyproject.toml || grep -q '^data = "packages"' trainer/pyproject.toml; then
  npm ci --ignore-scripts --no-audit --no-fund
fi
mkdir -p "$(dirname "$data")"
python3 trainer/prepare.py --out "$data"
