// SPDX-License-Identifier: GPL-2.0-or-later
#include "nldev.h"

#include <errno.h>
#include <rdma/rdma_netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest.h"

#define ANSWER_BYTES 65536

int nldev_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_RDMA);

	if (fd < 0)
		GUEST_SKIP("no netlink of RDMA: %s", strerror(errno));
	return fd;
}

static int send_request(int fd, unsigned command, uint16_t flags, const struct nldev_attr *attrs,
			unsigned count)
{
	struct {
		struct nlmsghdr head;
		uint8_t bytes[64];
	} request = {.head = {.nlmsg_len = NLMSG_HDRLEN,
			      .nlmsg_type = (uint16_t)RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, command),
			      .nlmsg_flags = NLM_F_REQUEST | flags}};
	uint8_t *at = request.bytes;

	for (unsigned i = 0; i < count; i++, at += NLA_HDRLEN + 4) {
		struct nlattr head = {.nla_len = NLA_HDRLEN + 4, .nla_type = attrs[i].id};

		memcpy(at, &head, sizeof(head));
		memcpy(at + NLA_HDRLEN, &attrs[i].value, 4);
		request.head.nlmsg_len += head.nla_len;
	}
	return send(fd, &request, request.head.nlmsg_len, 0) < 0 ? errno : 0;
}

static int receive(int fd, nldev_fn each, void *ctx)
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
			if (each && !each(ctx, m))
				return 0;
		}
	}
}

int nldev_ask(int fd, unsigned command, uint16_t flags, const struct nldev_attr *attrs,
	      unsigned count, nldev_fn each, void *ctx)
{
	int err = send_request(fd, command, flags, attrs, count);

	return err ? err : receive(fd, each, ctx);
}

static size_t data_len(const struct nlattr *attr)
{
	return attr->nla_len - NLA_HDRLEN;
}

static const void *data_of(const struct nlattr *attr)
{
	return (const uint8_t *)attr + NLA_HDRLEN;
}

/* The attribute behind @attr, or the first one if it is NULL. NULL: there is none. */
static const struct nlattr *next_attr(const void *attrs, size_t len, const struct nlattr *attr)
{
	const uint8_t *at = attr ? (const uint8_t *)attr + NLA_ALIGN(attr->nla_len) : attrs;
	size_t used = (size_t)(at - (const uint8_t *)attrs);
	const struct nlattr *next = (const struct nlattr *)at;

	if (used + NLA_HDRLEN > len || next->nla_len < NLA_HDRLEN || used + next->nla_len > len)
		return NULL;
	return next;
}

/* The first one with this @id, or NULL. */
static const struct nlattr *find_attr(const void *attrs, size_t len, uint16_t id)
{
	const struct nlattr *attr = NULL;

	while ((attr = next_attr(attrs, len, attr)))
		if ((attr->nla_type & NLA_TYPE_MASK) == id)
			return attr;
	return NULL;
}

static const struct nlattr *message_attr(const struct nlmsghdr *message, uint16_t id)
{
	return find_attr((const uint8_t *)message + NLMSG_HDRLEN, message->nlmsg_len - NLMSG_HDRLEN,
			 id);
}

struct index_search {
	const char *name;
	uint32_t index;
	bool found;
};

static bool match_name(void *ctx, const struct nlmsghdr *message)
{
	struct index_search *search = ctx;
	const struct nlattr *name = message_attr(message, RDMA_NLDEV_ATTR_DEV_NAME);
	const struct nlattr *index = message_attr(message, RDMA_NLDEV_ATTR_DEV_INDEX);

	if (name && index && !strcmp(data_of(name), search->name)) {
		memcpy(&search->index, data_of(index), 4);
		search->found = true;
	}
	return true;
}

uint32_t nldev_index(int fd, const struct nic *nic)
{
	struct index_search search = {.name = nic->name};

	assert_int_equal(
		nldev_ask(fd, RDMA_NLDEV_CMD_GET, NLM_F_DUMP, NULL, 0, match_name, &search), 0);
	assert_true(search.found);
	return search.index;
}

/* Pairs of a name and a value: a string, or a number. */
static void read_driver_attrs(const struct nlattr *table, struct nldev_mr *mr)
{
	const struct nlattr *attr = NULL;
	const char *name = NULL;

	while ((attr = next_attr(data_of(table), data_len(table), attr))) {
		uint16_t id = attr->nla_type & NLA_TYPE_MASK;

		if (id == RDMA_NLDEV_ATTR_DRIVER_STRING && name && !strcmp(name, "tph"))
			snprintf(mr->tph, sizeof(mr->tph), "%s", (const char *)data_of(attr));
		else if (id == RDMA_NLDEV_ATTR_DRIVER_U32 && name && !strcmp(name, "tph_ph"))
			memcpy(&mr->ph, data_of(attr), 4);
		else if (id == RDMA_NLDEV_ATTR_DRIVER_U32 && name && !strcmp(name, "tph_st_index"))
			memcpy(&mr->st_index, data_of(attr), 4);
		else if (id == RDMA_NLDEV_ATTR_DRIVER_U32 && name && !strcmp(name, "tph_errno"))
			memcpy(&mr->err, data_of(attr), 4);
		else if (id == RDMA_NLDEV_ATTR_DRIVER_STRING && !name) {
			name = data_of(attr);
			continue;
		}
		name = NULL;
	}
}

struct mr_search {
	uint32_t lkey;
	struct nldev_mr mr;
};

static bool match_mr(void *ctx, const struct nlmsghdr *message)
{
	struct mr_search *search = ctx;
	const struct nlattr *table = message_attr(message, RDMA_NLDEV_ATTR_RES_MR), *entry = NULL;

	while (table && (entry = next_attr(data_of(table), data_len(table), entry))) {
		const void *attrs = data_of(entry);
		const struct nlattr *key, *driver;

		key = find_attr(attrs, data_len(entry), RDMA_NLDEV_ATTR_RES_LKEY);
		driver = find_attr(attrs, data_len(entry), RDMA_NLDEV_ATTR_DRIVER);
		if (!key || memcmp(data_of(key), &search->lkey, 4) != 0)
			continue;
		search->mr.found = true;
		if (driver)
			read_driver_attrs(driver, &search->mr);
	}
	return true;
}

int nldev_find_mr(int fd, uint32_t index, uint32_t lkey, struct nldev_mr *mr)
{
	const struct nldev_attr attr = {RDMA_NLDEV_ATTR_DEV_INDEX, index};
	struct mr_search search = {.lkey = lkey};
	int err = nldev_ask(fd, RDMA_NLDEV_CMD_RES_MR_GET, NLM_F_DUMP, &attr, 1, match_mr, &search);

	*mr = search.mr;
	return err;
}
