// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/clock.h"
#include "vfio-user/descriptor.h"

#define PAUSE_MS 100 /* after accept() has failed */

/* Places in the array of control_fds(). */
enum { LISTENER, CLOSED, CLIENTS };

int control_open(struct control *control, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int ret = closer_start(&control->closer);

	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		control->clients[i].fd = -1;
	control->listener = -1;
	control->paused = false;
	control->retry = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (control->retry < 0 && !ret)
		ret = -errno;
	if (ret)
		return ret;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
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

static void hang_up(struct control *control, struct control_client *client)
{
	descriptor_close_socket(client->fd, &control->closer);
	client->fd = -1;
}

void control_close(struct control *control)
{
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		if (control->clients[i].fd >= 0)
			hang_up(control, &control->clients[i]);
	/* Clients that were not accepted may have sent descriptors. */
	if (control->listener >= 0)
		descriptor_close_socket(control->listener, &control->closer);
	closer_stop(&control->closer);
	if (control->retry >= 0)
		close(control->retry);
}

void control_fds(struct control *control, struct pollfd fds[CONTROL_FDS])
{
	bool busy = closer_busy(&control->closer);

	fds[LISTENER] = (struct pollfd){.fd = control->listener, .events = POLLIN};
	if (control->paused)
		fds[LISTENER].fd = control->retry;
	fds[CLOSED] = (struct pollfd){.fd = busy ? control->closer.done : -1, .events = POLLIN};
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		fds[CLIENTS + i] = (struct pollfd){.fd = control->clients[i].fd, .events = POLLIN};
	/* Nothing is read from clients while descriptors that they sent wait to be closed. */
	for (unsigned i = 0; busy && i < CONTROL_FDS; i++)
		if (i != CLOSED)
			fds[i].fd = -1;
}

/* False: the answer could not be sent. */
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

/* Answers all complete lines. False: the client is to be disconnected. */
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
	/* Too long: answered like any invalid line; what follows is ignored. */
	answer(control, client, client->len);
	return false;
}

static void read_lines(struct control *control, struct control_client *client)
{
	struct descriptors none = {0};
	ssize_t got =
		descriptor_receive(client->fd, client->line + client->len,
				   sizeof(client->line) - client->len, &none, &control->closer);

	descriptors_close(&none, &control->closer);
	if (got == -EAGAIN)
		return;
	if (got > 0) {
		client->len += (size_t)got;
		client->turn = control->turn;
	}
	if (got <= 0 || !take_lines(control, client))
		hang_up(control, client);
}

/* An empty place; else disconnects the client that has sent nothing for longest, for its place. */
static struct control_client *free_place(struct control *control)
{
	struct control_client *longest = &control->clients[0];

	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *client = &control->clients[i];

		if (client->fd < 0)
			return client;
		if (client->turn < longest->turn)
			longest = client;
	}
	hang_up(control, longest);
	return longest;
}

/* The cause persists: poll() would report the waiting client again at once. */
static void pause_listening(struct control *control)
{
	const struct itimerspec once = {.it_value.tv_nsec = PAUSE_MS * NS_PER_MS};

	control->paused = timerfd_settime(control->retry, 0, &once, NULL) == 0;
}

static void accept_client(struct control *control)
{
	int fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct control_client *client;

	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			pause_listening(control);
		return;
	}
	client = free_place(control);
	client->fd = fd;
	client->len = 0;
	client->turn = control->turn;
}

void control_process(struct control *control, const struct pollfd fds[CONTROL_FDS])
{
	uint64_t expired;

	control->turn++;
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		if (control->clients[i].fd >= 0 && fds[CLIENTS + i].revents)
			read_lines(control, &control->clients[i]);
	if (!fds[LISTENER].revents)
		return;
	if (control->paused)
		control->paused = read(control->retry, &expired, sizeof(expired)) < 0;
	else
		accept_client(control);
}
