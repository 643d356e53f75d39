#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The numbers on the page of a real demo are those of its result.json.
. "$(dirname "$0")/../lib/demo.sh"

demo_files
TPH_TEST=report-demo-page tests/report/page.sh numbers "$demo/report.html" "$demo/result.json"
