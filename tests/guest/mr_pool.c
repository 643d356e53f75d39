// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Regions that come and go: their memory keys are pooled by ST index and PH. How
 * long a pool keeps them is set by netlink.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest.h"

#define INDICES	     4U
#define PHS	     4U
#define AGE_SECONDS  1U
#define ANSWER_BYTES 65536

/* <rdma/rdma_netlink.h> of Linux 7.3, as far as it is used here. */
#define NLDEV(command)	  (5 << 10 | (command))
#define NLDEV_GET	  1
#define NLDEV_POOLS_SET	  30
#define ATTR_DEV_INDEX	  1
#define ATTR_DEV_NAME	  2
#define ATTR_AGING_PERIOD 115

struct attribute {
	uint16_t id;
	uint32_t value;
};

/* Each message of an answer. False: enough. */
typedef bool (*message_fn)(void *ctx, const struct nlmsghdr *message);

static void send_request(int fd, uint16_t type, uint16_t flags, const struct attribute *attrs,
			 unsigned count)
{
	struct {
		struct nlmsghdr head;
		uint8_t bytes[64];
	} request = {.head = {.nlmsg_len = NLMSG_HDRLEN,
			      .nlmsg_type = type,
			      .nlmsg_flags = NLM_F_REQUEST | flags}};
	uint8_t *at = request.bytes;

	for (unsigned i = 0; i < count; i++, at += NLA_HDRLEN + 4) {
		struct nlattr head = {.nla_len = NLA_HDRLEN + 4, .nla_type = attrs[i].id};

		memcpy(at, &head, sizeof(head));
		memcpy(at + NLA_HDRLEN, &attrs[i].value, 4);
		request.head.nlmsg_len += head.nla_len;
	}
	assert_int_equal(send(fd, &request, request.head.nlmsg_len, 0), request.head.nlmsg_len);
}

/* 0, or the errno that the kernel answered. */
static int hear(int fd, message_fn each, void *ctx)
{
	static __thread union {
		struct nlmsghdr first;
		uint8_t bytes[ANSWER_BYTES];
	} answer;

	for (;;) {
		ssize_t n = recv(fd, &answer, sizeof(answer), 0);
		size_t left = n < 0 ? 0 : (size_t)n;

		if (n < 0)
			return errno;
		for (struct nlmsghdr *m = &answer.first; NLMSG_OK(m, left);
		     m = NLMSG_NEXT(m, left)) {
			if (m->nlmsg_type == NLMSG_DONE)
				return 0;
			if (m->nlmsg_type == NLMSG_ERROR)
				return -((struct nlmsgerr *)NLMSG_DATA(m))->error;
			if (!each(ctx, m))
				return 0;
		}
	}
}

static int nl_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_RDMA);

	if (fd < 0)
		GUEST_SKIP("no netlink of RDMA: %s", strerror(errno));
	return fd;
}

static const void *find_attribute(const struct nlmsghdr *message, uint16_t id)
{
	const uint8_t *at = (const uint8_t *)message + NLMSG_HDRLEN;
	const uint8_t *end = (const uint8_t *)message + message->nlmsg_len;
	struct nlattr head;

	for (; at + NLA_HDRLEN <= end; at += NLA_ALIGN(head.nla_len)) {
		memcpy(&head, at, sizeof(head));
		if (head.nla_type == id)
			return at + NLA_HDRLEN;
		if (head.nla_len < NLA_HDRLEN)
			break;
	}
	return NULL;
}

struct index_search {
	const char *name;
	uint32_t index;
	bool found;
};

static bool match_name(void *ctx, const struct nlmsghdr *message)
{
	struct index_search *search = ctx;
	const char *name = find_attribute(message, ATTR_DEV_NAME);
	const void *index = find_attribute(message, ATTR_DEV_INDEX);

	if (name && index && !strcmp(name, search->name)) {
		memcpy(&search->index, index, 4);
		search->found = true;
	}
	return true;
}

static uint32_t device_index(int fd, const struct nic *nic)
{
	struct index_search search = {.name = nic->name};

	send_request(fd, NLDEV(NLDEV_GET), NLM_F_DUMP, NULL, 0);
	assert_int_equal(hear(fd, match_name, &search), 0);
	assert_true(search.found);
	return search.index;
}

static bool any(void *ctx, const struct nlmsghdr *message)
{
	(void)ctx;
	(void)message;
	return true;
}

static int set_aging(const struct nic *nic, uint32_t seconds)
{
	int fd = nl_open(), ret;
	const struct attribute attrs[] = {{ATTR_DEV_INDEX, device_index(fd, nic)},
					  {ATTR_AGING_PERIOD, seconds}};

	send_request(fd, NLDEV(NLDEV_POOLS_SET), NLM_F_ACK, attrs, 2);
	ret = hear(fd, any, NULL);
	close(fd);
	return ret;
}

/* The keys that were seen: a pooled one comes again. */
struct seen {
	uint32_t keys[1024];
	unsigned count, again;
};

static void see(struct seen *seen, const struct ibv_mr *mr)
{
	for (unsigned i = 0; i < seen->count; i++) {
		if (seen->keys[i] == mr->lkey >> 8) {
			seen->again++;
			return;
		}
	}
	if (seen->count < 1024)
		seen->keys[seen->count++] = mr->lkey >> 8;
}

/*
 * INDICES regions at once, so that each has an index of its own; their PHs go
 * round, so that each index has been with each PH after PHS turns. One more has
 * no hint.
 */
static void turn(struct guest *guest, struct nic *nic, unsigned n, struct seen *seen)
{
	struct ibv_mr *mrs[INDICES], *plain;
	struct hint hints[INDICES], none = {0};

	for (unsigned i = 0; i < INDICES; i++) {
		int fd;

		hints[i] = (struct hint){nic->tag_bits, (uint16_t)(0x40 + i + 7 * (n % 16)),
					 (i + n) % PHS};
		fd = guest_export(guest, i, guest_flags_of(hints[i]));
		mrs[i] = guest_register(guest, nic, fd);
		see(seen, mrs[i]);
	}
	plain = guest_register(guest, nic, guest_export(guest, INDICES, 0));
	see(seen, plain);
	assert_int_equal(guest_st_used(nic), INDICES);
	for (unsigned i = 0; i < INDICES; i++)
		guest_check_writes(guest, nic, mrs[i], i, hints[i]);
	guest_check_writes(guest, nic, plain, INDICES, none);
	for (unsigned i = 0; i < INDICES; i++)
		guest_unregister(guest, mrs[n % 2 ? i : INDICES - 1 - i]);
	guest_unregister(guest, plain);
	for (unsigned i = 0; i < GUEST_FDS; i++) {
		if (guest->fds[i] >= 0)
			close(guest->fds[i]);
		guest->fds[i] = -1;
	}
}

/*
 * Theory of operation: a key of the pool is taken by a region of its index and PH
 * only; one with another PH would show it on its writes. First there are none,
 * then all come from the pool, and then the pool's are gone by their age.
 */
GUEST_TEST(pooled)
{
	struct nic *nic = guest_nic(guest, 16);
	struct seen seen = {0};
	uint16_t entries[2048];
	unsigned first, second;
	int err;

	if (guest->completer_bits < 16 || guest_st_table(nic, entries) <= INDICES)
		GUEST_SKIP("no ST table, or no completer of 16-bit tags");
	err = set_aging(nic, AGE_SECONDS);
	if (err)
		GUEST_SKIP("the pool's age cannot be set: %s", strerror(err));
	for (unsigned n = 0; n < PHS; n++)
		turn(guest, nic, n, &seen);
	first = seen.again;
	for (unsigned n = 0; n < 2 * PHS; n++)
		turn(guest, nic, n, &seen);
	second = seen.again - first;
	sleep(4 * AGE_SECONDS);
	for (unsigned n = 0; n < PHS; n++)
		turn(guest, nic, PHS + n, &seen);
	print_message("%u keys; came again: %u, then %u of %u, after aging %u of %u\n", seen.count,
		      first, second, 2 * PHS * (INDICES + 1), seen.again - first - second,
		      PHS * (INDICES + 1));
	assert_true(second > 0);
	assert_int_equal(guest_st_used(nic), 0);
}
