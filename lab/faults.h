/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Applies a line of the control language to the lab's devices. */
#ifndef LAB_FAULTS_H
#define LAB_FAULTS_H

#include <stdio.h>

#include "lab/slot.h"

struct faults_scope {
	struct slot *slots;
	unsigned count;
};

/*
 * Writes one line to @answer, without its newline: "ok", the status as JSON, or
 * "error: " and the reason. False: an error.
 */
bool faults_run(const struct faults_scope *scope, const char *line, size_t len, FILE *answer);

#endif
