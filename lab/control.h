/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: a client sends lines and gets one line for each. Its owner interprets the
 * lines. Never blocks: a client that does not read its answers is disconnected, and so is the one
 * that has sent nothing for longest when there is one client too many. Single-threaded.
 */
#ifndef LAB_CONTROL_H
#define LAB_CONTROL_H

#include <poll.h>
#include <stdio.h>

#include "lab/command.h"
#include "vfio-user/closer.h"

#define CONTROL_CLIENTS 4
#define CONTROL_FDS	(2 + CONTROL_CLIENTS)

struct control_client {
	int fd;		    /* -1: none */
	unsigned long turn; /* of control_process() in which it last sent */
	size_t len;
	char line[COMMAND_LINE_MAX + 1];
};

struct control {
	int listener;
	int retry; /* a timer: when to listen again after accept() has failed */
	bool paused;
	unsigned long turn;
	struct closer closer;
	struct control_client clients[CONTROL_CLIENTS];
	/* Answers a line of any bytes but a newline, without one. */
	void (*run)(void *owner, const char *line, size_t len, FILE *answer);
	void *owner;
};

/* Listens on @path with mode 0600. 0 or a negative errno; call control_close() in both cases. */
int control_open(struct control *control, const char *path);
void control_close(struct control *control);

/* The descriptors to wait for, and the handler of their events. */
void control_fds(struct control *control, struct pollfd fds[CONTROL_FDS]);
void control_process(struct control *control, const struct pollfd fds[CONTROL_FDS]);

#endif
