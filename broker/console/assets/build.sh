#!/usr/bin/env bash
# Compiles the console's CSS and copies its script. Their outcome is committed: installing needs no Node.
set -euo pipefail
cd "$(dirname "$0")"
npm install --no-audit --no-fund --omit-lockfile-registry-resolved
npx sass --load-path=node_modules --style=compressed --no-source-map --quiet-deps main.scss ../static/console.css
# The footer's crest is not ours to show, and no page has that footer.
sed -i -E "s/url\([^)]*crest[^)]*\)/none/g" ../static/console.css
cp node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.js ../static/govuk.js
sed -i 's/^\/\/# sourceMappingURL=.*$//' ../static/govuk.js
cp node_modules/axe-core/axe.min.js ../../../tests/browser/vendor/axe.min.js
