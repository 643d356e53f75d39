#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs a fuzzer, starting with its corpus if it has one. A few seconds show that it builds, that no
# input of the corpus fails and that no defect is found at once; a search takes longer runs.
# usage: run.sh NAME SECONDS
. "$(dirname "$0")/../lib/check.sh"

need clang clang
build_sanitized "tests/fuzz/$1_fuzz"
mkdir "$work/found" "$work/corpus"
[ ! -e "tests/fuzz/corpus/$1.tar.gz" ] || tests/fuzz/corpus.sh unpack "$1" "$work/corpus"
"$sanitized/tests/fuzz/$1_fuzz" -max_total_time="$2" -max_len=9000 -timeout=10 \
	-artifact_prefix="$work/" "$work/found" "$work/corpus"
