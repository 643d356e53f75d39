#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# No misspelt word, in code, documents and commit texts of the series. Words that are right here and
# not in codespell's list are in .codespellrc.
. "$(dirname "$0")/../lib/lint.sh"

need codespell codespell
tracked | grep -vE '^(LICENSES/|tests/(dumps|fuzz/corpus|golden)/)' | xargs codespell
