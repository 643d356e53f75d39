// SPDX-License-Identifier: GPL-2.0-or-later
/* The control socket: who may open it, and what those do who mean no good. */
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

/* Answers with the line itself; "long" with so much that no socket takes it at once. */
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

/* Until there is nothing more to do. */
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

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void hear(int fd, const char *want)
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

CONTROL_TEST(owner_alone)
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

/* A line may come in parts, and several at once. */
CONTROL_TEST(lines)
{
	struct world *w = *state;
	int fd = client(w);

	say(fd, "accel0 ");
	turn(w);
	assert_int_equal(w->lines, 0);
	say(fd, "drop 1\nsta");
	turn(w);
	hear(fd, "you said accel0 drop 1\n");
	say(fd, "tus\n\nx\n");
	turn(w);
	hear(fd, "you said status\nyou said \nyou said x\n");
	assert_int_equal(w->lines, 4);
	close(fd);
	turn(w);
	assert_int_equal(w->control.clients[0].fd, -1);
}

/* Too long: one answer, the end. A line of just the limit is none of these. */
CONTROL_TEST(too_long)
{
	struct world *w = *state;
	char line[COMMAND_LINE_MAX + 2];
	int fd = client(w);

	memset(line, 'a', sizeof(line));
	line[COMMAND_LINE_MAX] = '\n';
	line[COMMAND_LINE_MAX + 1] = '\0';
	say(fd, line);
	turn(w);
	assert_int_equal(w->lines, 1);
	line[COMMAND_LINE_MAX] = 'a';
	for (int i = 0; i < 100; i++)
		say(fd, line);
	turn(w);
	assert_int_equal(w->lines, 2);
	assert_int_equal(w->control.clients[0].fd, -1);
	close(fd);
}

/* A client that does not read its answers is disconnected; the others do not wait for it. */
CONTROL_TEST(deaf)
{
	struct world *w = *state;
	int deaf = client(w), other = client(w);
	char text[4096];

	say(deaf, "long\nmore\n");
	say(other, "hello\n");
	turn(w);
	hear(other, "you said hello\n");
	assert_int_equal(w->lines, 2);
	while (recv(deaf, text, sizeof(text), MSG_DONTWAIT) > 0)
		;
	assert_true(cut_off(deaf));
	close(deaf);
	close(other);
}

/* One more than there is room for takes the place of the one that has been silent for longest. */
CONTROL_TEST(many)
{
	struct world *w = *state;
	int fds[CONTROL_CLIENTS], one_more;

	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		fds[i] = client(w);
		say(fds[i], "half a li");
		turn(w);
	}
	say(fds[0], "ne\n");
	turn(w);
	hear(fds[0], "you said half a line\n");
	one_more = client(w);
	say(one_more, "x\n");
	turn(w);
	hear(one_more, "you said x\n");
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		assert_int_equal(cut_off(fds[i]), i == 1);
		close(fds[i]);
	}
	close(one_more);
}

/* What a client sends along with a line is closed, and the line is answered. */
CONTROL_TEST(descriptors)
{
	struct world *w = *state;
	int fd = client(w), both[2];
	char line[] = "x\n", byte;
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
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
	hear(fd, "you said x\n");
	/* The end of the pipe: waits for the one who closes it. */
	assert_int_equal(read(both[0], &byte, 1), 0);
	close(both[0]);
	close(fd);
}

/* A client that cannot be accepted is not asked for all the time, and accepted when it can be. */
CONTROL_TEST(no_descriptors)
{
	struct world *w = *state;
	int fd = client(w), lowest = dup(fd);
	struct rlimit before, none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	close(lowest);
	none = (struct rlimit){.rlim_cur = (rlim_t)lowest, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	say(fd, "x\n");
	turn(w); /* ends */
	assert_int_equal(w->lines, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (int i = 0; !w->lines && i < 500; i++) {
		usleep(10000);
		turn(w);
	}
	hear(fd, "you said x\n");
	close(fd);
}

/* A client leaves with an answer under way, or in the middle of a line. */
CONTROL_TEST(leaves)
{
	struct world *w = *state;
	int fd = client(w);

	say(fd, "x\nhalf");
	close(fd);
	turn(w);
	assert_int_equal(w->control.clients[0].fd, -1);
	fd = client(w);
	turn(w);
	say(fd, "y\n");
	turn(w);
	hear(fd, "you said y\n");
	assert_false(cut_off(fd));
	close(fd);
}
