// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The demo with a NIC of another host as the requester: by TCP, which lab/guest/exchange forwards,
 * the host with the accelerator sends the other host the key for its writes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "lab/demo/demo.h"

#define TCP_PORT   18515 /* perftest's port, which the two hosts forward */
#define PATIENCE_S 120

struct hello {
	uint32_t lid, qpn;
};

struct order {
	uint32_t nic, key, size, seed; /* nic: the number of NICs ends it */
};

/* A connection: one end accepts it, the other connects. Neither waits for ever. */
static int meet(bool serve)
{
	const struct sockaddr_in local = {
		.sin_family = AF_INET,
		.sin_port = htons(TCP_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const struct sockaddr *address = (const struct sockaddr *)&local;
	const struct timeval timeout = {.tv_sec = PATIENCE_S};
	int fd = socket(AF_INET, SOCK_STREAM, 0), listener = fd, ret;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	ret = serve ? bind(fd, address, sizeof(local)) || listen(fd, 1)
		    : connect(fd, address, sizeof(local));
	if (!ret && serve)
		fd = accept(fd, NULL, NULL);
	ret = ret || fd < 0 ? -errno : 0;
	if (ret || serve)
		close(listener);
	if (ret)
		return ret == -EAGAIN ? -ETIMEDOUT : ret;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	return fd;
}

static int send_whole(int fd, const void *data, size_t len)
{
	return send(fd, data, len, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -EPIPE;
}

static int receive_whole(int fd, void *data, size_t len)
{
	return recv(fd, data, len, MSG_WAITALL) == (ssize_t)len ? 0 : -EPIPE;
}

/* Connects the NIC to that of the same number of the other host. */
static int join(int fd, struct nic *nic)
{
	struct hello mine = {.qpn = nic->qp[0]->qp_num}, theirs;
	struct ibv_port_attr port;
	int ret = -ibv_query_port(nic->context, 1, &port);

	mine.lid = port.lid;
	if (!ret)
		ret = send_whole(fd, &mine, sizeof(mine));
	if (!ret)
		ret = receive_whole(fd, &theirs, sizeof(theirs));
	if (!ret)
		ret = nic_connect_to(nic, theirs.qpn, (uint16_t)theirs.lid);
	if (!ret)
		printf("%s: LID %u, linked to LID %u\n", nic->name, mine.lid, theirs.lid);
	return ret;
}

int peer_meet(bool serve, struct nic *nics, unsigned count)
{
	int ret, fd = meet(serve);

	for (unsigned i = 0; fd >= 0 && i < count; i++) {
		ret = join(fd, &nics[i]);
		if (!ret)
			continue;
		close(fd);
		fd = ret;
	}
	if (fd < 0)
		fprintf(stderr,
			"p2p_demo: cannot connect to the other host: %s; it runs p2p_demo --pair "
			"%s with as many NICs\n",
			strerror(-fd), serve ? "write" : "serve");
	return fd;
}

int peer_write(int fd, unsigned nic, uint32_t key, size_t size, unsigned seed)
{
	const struct order order = {nic, key, (uint32_t)size, seed};
	int32_t answer = 0;
	int ret = send_whole(fd, &order, sizeof(order));

	if (!ret)
		ret = receive_whole(fd, &answer, sizeof(answer));
	return ret ? ret : answer;
}

int peer_obey(int fd, struct nic *nics, unsigned count)
{
	struct order order;
	int ret = receive_whole(fd, &order, sizeof(order));

	while (!ret && order.nic < count && order.size <= NIC_STAGE_BYTES) {
		struct nic *nic = &nics[order.nic];
		struct ibv_mr theirs = {.rkey = order.key}; /* its only member that is used */
		int32_t answer = writes_send(nic, &theirs, order.size, order.seed);

		printf("%s: %u bytes by key 0x%x: %s\n", nic->name, order.size, order.key,
		       answer ? strerror(-answer) : "written");
		ret = send_whole(fd, &answer, sizeof(answer));
		if (!ret)
			ret = receive_whole(fd, &order, sizeof(order));
	}
	if (!ret) /* the last order is answered, too */
		ret = send_whole(fd, &(int32_t){0}, sizeof(int32_t));
	if (ret)
		fprintf(stderr, "p2p_demo: lost the other host: %s; see its messages\n",
			strerror(-ret));
	return ret;
}
