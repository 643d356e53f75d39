// SPDX-License-Identifier: GPL-2.0-or-later
/* The control socket: its access mode, its lines, and clients that misbehave. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lab/control.h"
#include "tests/test.h"

#define LONG_ANSWER (1 << 20)

struct world {
	struct control control;
	char dir[64], path[80];
	unsigned lines;
};

/* Answers with the line itself; "long" with more than fits a socket's buffer. */
static void echo(void *owner, const char *line, size_t len, FILE *answer)
{
	struct world *w = owner;

	w->lines++;
	fputs("you said ", answer);
	fwrite(line, 1, len, answer);
	if (len == 4 && !memcmp(line, "long", 4))
		for (int i = 0; i < LONG_ANSWER; i++)
			putc('.', answer);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	strcpy(w->dir, "/tmp/control.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->path, sizeof(w->path), "%s/sock", w->dir);
	w->control.run = echo;
	w->control.owner = w;
	assert_int_equal(control_open(&w->control, w->path), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	control_close(&w->control);
	unlink(w->path);
	rmdir(w->dir);
	free(w);
	return 0;
}

static int client(const struct world *w)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", w->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Processes events until there are none. */
static void turn(struct world *w)
{
	struct pollfd fds[CONTROL_FDS];

	for (;;) {
		control_fds(&w->control, fds);
		if (poll(fds, CONTROL_FDS, 0) <= 0)
			return;
		control_process(&w->control, fds);
	}
}

static void send_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void expect_answer(int fd, const char *want)
{
	char text[512];
	ssize_t len = recv(fd, text, sizeof(text), MSG_DONTWAIT);

	assert_int_equal(len, strlen(want));
	assert_memory_equal(text, want, strlen(want));
}

static bool cut_off(int fd)
{
	char byte;
	ssize_t len = recv(fd, &byte, 1, MSG_DONTWAIT);

	return len == 0 || (len < 0 && errno == ECONNRESET);
}

#define CONTROL_TEST(name) TEST_WITH(name, setup, teardown)

CONTROL_TEST(open_mode_and_errors)
{
	struct world *w = *state;
	struct control second;
	struct stat st;
	char name[200];

	assert_int_equal(stat(w->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(control_open(&second, w->path), -EADDRINUSE);
	control_close(&second);
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(control_open(&second, name), -ENAMETOOLONG);
	control_close(&second);
}

/* A line may come in segments, and several lines at once. */
CONTROL_TEST(lines)
{
	struct world *w = *state;
	int fd = client(w);

	send_text(fd, "accel0 ");
	turn(w);
	assert_int_equal(w->lines, 0);
	send_text(fd, "drop 1\nsta");
	turn(w);
	expect_answer(fd, "you said accel0 drop 1\n");
	send_text(fd, "tus\n\nx\n");
	turn(w);
	expect_answer(fd, "you said status\nyou said \nyou said x\n");
	assert_int_equal(w->lines, 4);
	close(fd);
	turn(w);
	assert_int_equal(w->control.clients[0].fd, -1);
}

/* A line over the limit gets one answer and ends the connection; one at the limit does not. */
CONTROL_TEST(too_long)
{
	struct world *w = *state;
	char line[COMMAND_LINE_MAX + 2];
	int fd = client(w);

	memset(line, 'a', sizeof(line));
	line[COMMAND_LINE_MAX] = '\n';
	line[COMMAND_LINE_MAX + 1] = '\0';
	send_text(fd, line);
	turn(w);
	assert_int_equal(w->lines, 1);
	line[COMMAND_LINE_MAX] = 'a';
	for (int i = 0; i < 100; i++)
		send_text(fd, line);
	turn(w);
	assert_int_equal(w->lines, 2);
	assert_int_equal(w->control.clients[0].fd, -1);
	close(fd);
}

/* A client that does not read its answers is disconnected; the others do not wait for it. */
CONTROL_TEST(client_that_does_not_read)
{
	struct world *w = *state;
	int stuck = client(w), other = client(w);
	char text[4096];

	send_text(stuck, "long\nmore\n");
	send_text(other, "hello\n");
	turn(w);
	expect_answer(other, "you said hello\n");
	assert_int_equal(w->lines, 2);
	while (recv(stuck, text, sizeof(text), MSG_DONTWAIT) > 0)
		;
	assert_true(cut_off(stuck));
	close(stuck);
	close(other);
}

/* One client too many replaces the one that has been silent for longest. */
CONTROL_TEST(many)
{
	struct world *w = *state;
	int fds[CONTROL_CLIENTS], one_more;

	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		fds[i] = client(w);
		send_text(fds[i], "half a li");
		turn(w);
	}
	send_text(fds[0], "ne\n");
	turn(w);
	expect_answer(fds[0], "you said half a line\n");
	one_more = client(w);
	send_text(one_more, "x\n");
	turn(w);
	expect_answer(one_more, "you said x\n");
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		assert_int_equal(cut_off(fds[i]), i == 1);
		close(fds[i]);
	}
	close(one_more);
}

/* Descriptors that a client sends with a line are closed, and the line is answered. */
CONTROL_TEST(descriptors)
{
	struct world *w = *state;
	int fd = client(w), both[2];
	char line[] = "x\n", byte;
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS}};
	struct iovec iov = {line, 2};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};

	assert_int_equal(pipe(both), 0);
	memcpy(CMSG_DATA(&control.header), &both[1], sizeof(int));
	assert_int_equal(sendmsg(fd, &message, 0), 2);
	close(both[1]);
	turn(w);
	expect_answer(fd, "you said x\n");
	/* Waits until the helper process has closed the write end. */
	assert_int_equal(read(both[0], &byte, 1), 0);
	close(both[0]);
	close(fd);
}

/* A client that cannot be accepted does not keep the loop busy, and is accepted later. */
CONTROL_TEST(no_descriptors)
{
	struct world *w = *state;
	int fd = client(w), lowest = dup(fd);
	struct rlimit before, none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	close(lowest);
	none = (struct rlimit){.rlim_cur = (rlim_t)lowest, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	send_text(fd, "x\n");
	turn(w); /* returns: the loop is not busy */
	assert_int_equal(w->lines, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (int i = 0; !w->lines && i < 500; i++) {
		usleep(10000);
		turn(w);
	}
	expect_answer(fd, "you said x\n");
	close(fd);
}

/* A client disconnects with an answer under way and in the middle of a line. */
CONTROL_TEST(disconnect)
{
	struct world *w = *state;
	int fd = client(w);

	send_text(fd, "x\nhalf");
	close(fd);
	turn(w);
	assert_int_equal(w->control.clients[0].fd, -1);
	fd = client(w);
	turn(w);
	send_text(fd, "y\n");
	turn(w);
	expect_answer(fd, "you said y\n");
	assert_false(cut_off(fd));
	close(fd);
}
