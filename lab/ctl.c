// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sends one line to the control socket of a running lab and prints the answer;
 * lab/tphlab ctl starts it. Exit status 1: the answer is an error, or there is
 * none.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(const char *what, const char *path)
{
	fprintf(stderr, "tphlab: cannot %s %s: %s; is the lab still running?\n", what, path,
		errno == EAGAIN ? "no answer in 10 s" : strerror(errno));
	return 1;
}

static int connect_to(const char *path)
{
	static const struct timeval timeout = {.tv_sec = 10};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	/* fabricd answers at once or not at all; SO_SNDTIMEO also limits connect(). */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

int main(int argc, char **argv)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file;
	int fd;

	if (argc < 3) {
		fputs("usage: fabricctl SOCKET WORD…; use lab/tphlab ctl\n", stderr);
		return 1;
	}
	fd = connect_to(argv[1]);
	file = fd < 0 ? NULL : fdopen(fd, "r+");
	if (!file)
		return fail("connect to", argv[1]);
	for (int i = 2; i < argc; i++)
		fprintf(file, "%s%c", argv[i], i + 1 < argc ? ' ' : '\n');
	if (fflush(file))
		return fail("send to", argv[1]);
	if (getline(&text, &size, file) <= 0)
		return fail("read from", argv[1]);
	if (!strncmp(text, "error: ", 7)) {
		fprintf(stderr, "tphlab: %s", text);
		return 1;
	}
	fputs(text, stdout);
	return 0;
}
