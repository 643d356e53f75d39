// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A write from another host: it carries the hint of the responder's buffer, into whose memory it
 * goes, and a key that is not the responder's is refused. What the two tell each other first goes
 * by TCP, to which lab/guest/exchange carries it.
 * usage: pair_write serve|write NIC   the NIC's number by name
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/guest/accel_vfio.h"
#include "lab/guest/rdma_loop.h"

#define TCP_PORT 18515
#define BYTES	 NIC_STAGE_BYTES
#define TAG	 0x5aU
#define TAG_EXT	 0x1234U
#define PH	 TPH_PH_TARGET

struct hello {
	uint32_t lid, qpn, rkey;
};

static int fail(int err, const char *what)
{
	fprintf(stderr, "pair_write: cannot %s: %s\n", what, strerror(-err));
	return 1;
}

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 13 + (i >> 11));
}

static struct sockaddr_in address_of(void)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(TCP_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

/* A connection: the one end accepts it, the other makes it. */
static int meet(bool serve)
{
	const struct sockaddr_in address = address_of();
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		return -errno;
	if (!serve)
		return connect(fd, (const struct sockaddr *)&address, sizeof(address)) ? -errno
										       : fd;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) || listen(fd, 1))
		return -errno;
	fd = accept(fd, NULL, NULL);
	return fd < 0 ? -errno : fd;
}

/* Tells @mine, hears @theirs. */
static int swap(int fd, const void *mine, void *theirs, size_t len)
{
	if (send(fd, mine, len, 0) != (ssize_t)len ||
	    recv(fd, theirs, len, MSG_WAITALL) != (ssize_t)len)
		return -EPIPE;
	return 0;
}

/* The queue pairs of both are connected; @rkey is ours, *@theirs the other's. */
static int join(struct nic *nic, int fd, uint32_t rkey, uint32_t *theirs)
{
	struct hello mine = {.qpn = nic->qp[0]->qp_num, .rkey = rkey}, other;
	struct ibv_port_attr port;
	int ret = -ibv_query_port(nic->context, 1, &port);
	uint8_t ready = 1;

	if (ret)
		return ret;
	mine.lid = port.lid;
	ret = swap(fd, &mine, &other, sizeof(mine));
	if (!ret)
		ret = nic_connect_to(nic, other.qpn, (uint16_t)other.lid);
	*theirs = other.rkey;
	printf("LID %u writes to or hears of LID %u\n", mine.lid, other.lid);
	return ret ? ret : swap(fd, &ready, &ready, sizeof(ready));
}

/* All that arrived had the hint. */
static int check(const struct accel *accel, const struct nic *nic)
{
	static uint8_t memory[BYTES];
	struct accel_counters counters;
	struct accel_key key;
	int ret = accel_read_counters(accel, &counters);

	if (!ret)
		ret = accel_read_key(accel, 0, &key);
	if (!ret)
		ret = accel_read(accel, &accel->memory, 0, memory, BYTES);
	if (ret)
		return fail(ret, "read what arrived");
	printf("tlps=%" PRIu64 " plain=%" PRIu64 " keys=%" PRIu64 " bits=%u tag=0x%x ph=%u\n",
	       counters.tlps, counters.plain, counters.keys, key.tag_bits, key.tag, key.ph);
	for (size_t i = 0; i < BYTES; i++)
		if (memory[i] != pattern(i))
			return fail(-EBADMSG, "find the data");
	return counters.plain || counters.keys != 1 || counters.bytes != BYTES ||
	       key.tag_bits != nic->tag_bits || key.tag != (nic->tag_bits == 16 ? TAG_EXT : TAG) ||
	       key.ph != PH;
}

static int serve(struct nic *nic)
{
	struct tph_hints hints =
		accel_hints(nic->tag_bits, nic->tag_bits == 16 ? TAG_EXT : TAG, PH);
	struct tph_bdf bdf;
	struct accel accel;
	struct ibv_mr *mr;
	uint8_t written = 0;
	uint32_t unused;
	int dmabuf, fd, ret = accel_find(&bdf, 0);

	if (!ret)
		ret = accel_open(&accel, &bdf);
	if (ret)
		return fail(ret, "open the accelerator");
	dmabuf = accel_export_buffer(&accel, 0, BYTES, &hints);
	mr = dmabuf < 0 ? NULL : nic_register(nic, dmabuf, BYTES);
	if (!mr)
		return fail(dmabuf < 0 ? dmabuf : -errno, "register its memory");
	accel_clear_counters(&accel);
	fd = meet(true);
	ret = fd < 0 ? fd : join(nic, fd, mr->rkey, &unused);
	if (!ret)
		ret = swap(fd, &written, &written, sizeof(written));
	if (ret)
		return fail(ret, "meet the other host");
	ret = check(&accel, nic);
	/* the other end tries a key of nobody's before we go */
	return swap(fd, &written, &written, sizeof(written)) || ret;
}

static int write_to_other(struct nic *nic)
{
	struct ibv_mr theirs = {0}; /* the key is all that is used of it */
	uint8_t written = 1;
	int fd, ret;

	for (size_t i = 0; i < BYTES; i++)
		nic->stage[i] = pattern(i);
	fd = meet(false);
	ret = fd < 0 ? fd : join(nic, fd, 0, &theirs.rkey);
	if (!ret)
		ret = nic_write(nic, &theirs, 0, 0, BYTES);
	if (ret)
		return fail(ret, "write to the other host");
	printf("written=%u\n", BYTES);
	ret = swap(fd, &written, &written, sizeof(written));
	theirs.rkey += 0x100;
	if (!ret && nic_write(nic, &theirs, 0, 0, BYTES) != -EREMOTEIO)
		return fail(-EPROTO, "be refused by a key that is none");
	return ret || swap(fd, &written, &written, sizeof(written));
}

int main(int argc, char **argv)
{
	struct nic nic;
	int ret;

	if (argc != 3) {
		fputs("usage: pair_write serve|write NIC\n", stderr);
		return 2;
	}
	ret = nic_open(&nic, (unsigned)atoi(argv[2]));
	if (ret)
		return fail(ret, "open the NIC");
	return strcmp(argv[1], "serve") ? write_to_other(&nic) : serve(&nic);
}
