// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A CPU's access to a BAR that is not mapped: one vfio-user message to the server
 * in another process, and its reply. The reference is a round trip of as many
 * bytes over a bare socketpair; the two take turns.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/pingpong.h"
#include "bench/stats.h"
#include "vfio-user/message.h"
#include "vfio-user/vfio_user.h"

enum {
	ROUNDS = 50, /* in a turn */
	TURNS = 400,
	BAR_BYTES = 4096,
	ACCESS_BYTES = 8,
};

struct request {
	struct vu_header header;
	struct vu_access_body body;
};

struct reply {
	struct request request;
	uint8_t data[ACCESS_BYTES];
};

_Static_assert(sizeof(struct reply) == sizeof(struct request) + ACCESS_BYTES, "no padding");

struct bench {
	struct pingpong bare;
	int server; /* the client's socket to it */
	uint16_t id;
};

static int bar_read(void *owner, unsigned region, uint64_t offset, void *buf, size_t len)
{
	(void)region;
	memcpy(buf, (const uint8_t *)owner + offset, len);
	return 0;
}

static int bar_write(void *owner, unsigned region, uint64_t offset, const void *buf, size_t len)
{
	(void)region;
	memcpy((uint8_t *)owner + offset, buf, len);
	return 0;
}

/* The other process; ends with its client. */
static void serve(struct vu *vu)
{
	bool seen = false;

	while (!seen || vu_connected(vu)) {
		struct pollfd fd = {.fd = vu_fd(vu), .events = POLLIN};

		poll(&fd, 1, -1);
		vu_process(vu);
		seen |= vu_connected(vu);
	}
	vu_destroy(vu);
	_exit(0);
}

static int start_server(const char *path, pid_t *pid)
{
	static const struct vu_ops ops = {.region_read = bar_read, .region_write = bar_write};
	static uint8_t bar[BAR_BYTES];
	struct vu_config config = {.path = path, .ops = &ops, .owner = bar};
	struct vu *vu;
	int ret;

	for (unsigned i = 0; i < VFIO_PCI_NUM_REGIONS; i++)
		config.regions[i].mmap_fd = -1;
	config.regions[VFIO_PCI_BAR0_REGION_INDEX].size = BAR_BYTES;
	for (unsigned i = 0; i < BAR_BYTES; i++)
		bar[i] = (uint8_t)i;
	ret = vu_create(&vu, &config);
	if (ret)
		return ret;
	*pid = fork();
	if (!*pid)
		serve(vu);
	return *pid < 0 ? -errno : 0;
}

/* Connects and agrees on the version. */
static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct {
		struct vu_header header;
		struct vu_version_body body;
	} version = {.header = {.command = VU_VERSION, .size = sizeof(version)}};
	uint8_t reply[1024];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    send_all(fd, &version, sizeof(version)) || recv(fd, reply, sizeof(reply), 0) <= 0)
		return -errno;
	return fd;
}

static int run_bare(void *ctx, unsigned turn)
{
	struct bench *bench = ctx;

	(void)turn;
	return pingpong_rounds(&bench->bare, ROUNDS);
}

static int run_vfio_user(void *ctx, unsigned turn)
{
	struct bench *bench = ctx;
	struct request request = {
		.header = {.command = VU_REGION_READ, .size = sizeof(request)},
		.body = {.region = VFIO_PCI_BAR0_REGION_INDEX, .count = ACCESS_BYTES},
	};
	struct reply reply;
	int ret = 0;

	(void)turn;
	for (unsigned i = 0; !ret && i < ROUNDS; i++) {
		request.header.id = ++bench->id;
		request.body.offset = i * ACCESS_BYTES;
		ret = send_all(bench->server, &request, sizeof(request));
		if (!ret)
			ret = receive_all(bench->server, &reply, sizeof(reply));
		if (!ret && (reply.request.header.id != bench->id ||
			     reply.data[0] != (uint8_t)(i * ACCESS_BYTES)))
			ret = -EPROTO;
	}
	return ret;
}

static int run(struct bench *bench, const char *path, struct comparison *result)
{
	pid_t pid;
	int ret = start_server(path, &pid);

	if (ret)
		return ret;
	bench->server = connect_to(path);
	ret = bench->server < 0 ? bench->server : 0;
	if (!ret)
		ret = turns_compare(run_bare, run_vfio_user, bench, TURNS, result);
	close(bench->server);
	if (ret)
		kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return ret;
}

int main(void)
{
	char dir[] = "/tmp/tph-bench.XXXXXX", path[sizeof(dir) + 8];
	struct bench bench = {0};
	struct comparison result;
	int ret;

	if (!mkdtemp(dir)) {
		perror("vfio_user_bench: cannot make a folder in /tmp");
		return 1;
	}
	snprintf(path, sizeof(path), "%s/socket", dir);
	/* First, since it binds this process, and so the server, to one CPU. */
	ret = pingpong_start(&bench.bare, sizeof(struct request), sizeof(struct reply));
	if (!ret) {
		ret = run(&bench, path, &result);
		pingpong_stop(&bench.bare);
	}
	unlink(path);
	rmdir(dir);
	if (ret) {
		fprintf(stderr, "vfio_user_bench: a round trip failed: %s\n", strerror(-ret));
		return 1;
	}
	printf("a read of %d bytes: %.1f us, bare socketpair %.1f us, ratio %.2f\n", ACCESS_BYTES,
	       result.job_s / ROUNDS * 1e6, result.yardstick_s / ROUNDS * 1e6, result.ratio);
	printf("{\"bench\":\"vfio_user\",\"ratio\":%.3f,\"median_ratio\":%.3f}\n", result.ratio,
	       result.median_ratio);
	return 0;
}
