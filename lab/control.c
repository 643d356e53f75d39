// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lab/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int control_open(struct control *control, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		control->clients[i].fd = -1;
	control->listener = -1;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control->listener < 0)
		return -errno;
	/* On Linux the mode set before bind() is the file's from its first moment. */
	if (fchmod(control->listener, 0600) ||
	    bind(control->listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(control->listener, CONTROL_CLIENTS))
		return -errno;
	return 0;
}

static void hang_up(struct control_client *client)
{
	close(client->fd);
	client->fd = -1;
}

void control_close(struct control *control)
{
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		if (control->clients[i].fd >= 0)
			hang_up(&control->clients[i]);
	if (control->listener >= 0)
		close(control->listener);
}

static struct control_client *free_client(struct control *control)
{
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		if (control->clients[i].fd < 0)
			return &control->clients[i];
	return NULL;
}

/* While there is no room for one more, he waits. */
void control_fds(struct control *control, struct pollfd fds[CONTROL_FDS])
{
	fds[0] = (struct pollfd){.fd = control->listener, .events = POLLIN};
	if (!free_client(control))
		fds[0].fd = -1;
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		fds[1 + i] = (struct pollfd){.fd = control->clients[i].fd, .events = POLLIN};
}

/* False: it is not to be had by him. */
static bool answer(const struct control *control, const struct control_client *client, size_t len)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	bool sent;

	if (!file)
		return false;
	control->run(control->owner, client->line, len, file);
	putc('\n', file);
	sent = !fclose(file) &&
	       send(client->fd, text, size, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size;
	free(text);
	return sent;
}

/* Answers all lines that are whole. False: no more of this. */
static bool take_lines(const struct control *control, struct control_client *client)
{
	char *end;

	while ((end = memchr(client->line, '\n', client->len))) {
		size_t len = (size_t)(end - client->line);

		if (!answer(control, client, len))
			return false;
		client->len -= len + 1;
		memmove(client->line, end + 1, client->len);
	}
	if (client->len < sizeof(client->line))
		return true;
	/* Too long: it is said, as of any line that is wrong, and what follows is not looked at. */
	answer(control, client, client->len);
	return false;
}

static void listen_to(const struct control *control, struct control_client *client)
{
	ssize_t got = recv(client->fd, client->line + client->len,
			   sizeof(client->line) - client->len, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0)
		client->len += (size_t)got;
	if (got <= 0 || !take_lines(control, client))
		hang_up(client);
}

void control_process(struct control *control, const struct pollfd fds[CONTROL_FDS])
{
	struct control_client *client = free_client(control);

	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		if (control->clients[i].fd >= 0 && fds[1 + i].revents)
			listen_to(control, &control->clients[i]);
	if (!fds[0].revents || !client)
		return;
	client->len = 0;
	client->fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}
