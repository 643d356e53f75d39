/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: whoever may open it sends lines and gets a line for each.
 * What the lines say is not its concern. It never blocks: one who does not
 * take his answers is cut off. Single-threaded.
 */
#ifndef LAB_CONTROL_H
#define LAB_CONTROL_H

#include <poll.h>
#include <stdio.h>

#include "lab/command.h"

#define CONTROL_CLIENTS 4
#define CONTROL_FDS	(1 + CONTROL_CLIENTS)

struct control_client {
	int fd; /* -1: none */
	size_t len;
	char line[COMMAND_LINE_MAX + 1];
};

struct control {
	int listener;
	struct control_client clients[CONTROL_CLIENTS];
	/* Answers a line of any bytes but a newline, without one. */
	void (*run)(void *owner, const char *line, size_t len, FILE *answer);
	void *owner;
};

/* Listens on @path, for this user alone. 0 or a negative errno; control_close() is due either way.
 */
int control_open(struct control *control, const char *path);
void control_close(struct control *control);

/* What to wait for, and what to do when it has come. */
void control_fds(struct control *control, struct pollfd fds[CONTROL_FDS]);
void control_process(struct control *control, const struct pollfd fds[CONTROL_FDS]);

#endif
