/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The demo: four buffers by all NICs, the hints that arrived, the verdict. Shared by its files. */
#ifndef LAB_DEMO_DEMO_H
#define LAB_DEMO_DEMO_H

#include "lab/guest/accel_vfio.h"
#include "lab/guest/rdma_loop.h"

#define P2P_MAX_NICS 8

/* What this program does: all, or the work of one of two hosts. */
enum role { ROLE_ALONE, ROLE_SERVE, ROLE_WRITE };

struct options {
	enum role role;
	const char *json, *topology;
	size_t bytes;
	unsigned nic_count;
	unsigned nic_bits[P2P_MAX_NICS];
	bool hints[P2P_MAX_NICS]; /* those of this NIC must arrive */
	/* they can be required; not through a host bridge, which may drop them */
	bool guaranteed[P2P_MAX_NICS];
};

struct buffer {
	const char *name;
	struct tph_hints hints; /* what the owner sets for the writes into it */
	uint64_t offset;	/* in the accelerator's memory */
	int fd;
	uint8_t *expected; /* what that memory must hold */
};

/* An importer that wrote into a buffer: one line of the report. */
struct pair {
	const struct buffer *buffer;
	const struct nic *nic; /* NULL: it is an endpoint */
	size_t bytes;
	struct accel_counters counters;
	struct accel_key seen; /* the hint that arrived, if any */
	struct accel_share shares[ACCEL_PARTITIONS];
	bool data_ok, ok;
	char why[96];
};

enum add_outcome {
	ADD_NOT_TRIED = 0,
	ADD_SUM_RIGHT,
	ADD_SUM_WRONG,
	ADD_REFUSED, /* its registration was refused, since it does not send the tag */
};

/* The registration and the result of a NIC. */
struct add_try {
	enum add_outcome outcome;
	struct accel_counters counters;
	struct accel_share shares[ACCEL_PARTITIONS];
};

struct add_result {
	unsigned tag_bits;
	uint16_t tag;
	unsigned ph;
	struct add_try tries[P2P_MAX_NICS];
	bool ok;
};

/* What an endpoint of pci_endpoint_test wrote, and the hint that arrived. */
struct endpoint_result {
	bool tried; /* false: there is none */
	struct tph_bdf bdf;
	unsigned tag_bits;
	struct pair pair;
};

/* options.c: 0; -EINVAL after an error message; 1 after --help. */
int options_parse(int argc, char **argv, struct options *options);

/* writes.c: those that follow from @seed, into @mr of @size bytes; 0 or a negative errno. */
int writes_send(struct nic *nic, const struct ibv_mr *mr, size_t size, unsigned seed);
/* The same into @expected, through @nic's stage. Returns the number of bytes. */
size_t writes_expect(struct nic *nic, uint8_t *expected, size_t size, unsigned seed);

/* peer.c: the connection to the other host's program, or a negative errno after a message. */
int peer_meet(bool serve, struct nic *nics, unsigned count);
/* The other host's NIC does writes_send() by @key. 0, what that returned, or -EPIPE. @nic equal to
 * the number of NICs ends the other program. */
int peer_write(int fd, unsigned nic, uint32_t key, size_t size, unsigned seed);
/* Serves peer_write() until the other host ends it: 0, or a negative errno after a message. */
int peer_obey(int fd, struct nic *nics, unsigned count);

/*
 * add_by_tag.c: exports memory of the accelerator, at page-aligned @offset, with a required tag by
 * which the accelerator adds, and lets each NIC write. NICs whose hints are @guaranteed (an entry
 * for each NIC) and that send tags of this width must get the sum right; all others must be
 * refused. The tag's rule stays. 0, or a negative errno if it could not be tried.
 */
int add_by_tag(const struct accel *accel, uint64_t offset, struct nic *nics, unsigned count,
	       const bool *guaranteed, struct add_result *result);

/*
 * write_by_endpoint.c: the first endpoint writes into @buffer. The outcome is in @result, without a
 * verdict. 0, or a negative errno if it could not be tried.
 */
int write_by_endpoint(const struct accel *accel, const struct buffer *buffer,
		      struct endpoint_result *result);

/* The results of a run. */
struct report {
	const char *topology;
	const struct accel *accel;
	const struct buffer *buffers;
	size_t buffer_count;
	const struct nic *nics;
	unsigned nic_count;
	const struct pair *pairs;
	unsigned pair_count;
	const struct add_result *add; /* NULL: not tried; likewise */
	const struct endpoint_result *endpoint;
	bool ok;
};

/* table.c */
void report_head(void);
void report_pair(const struct pair *pair);
void report_add(const struct add_result *add, const struct nic *nics, unsigned count);
void report_endpoint(const struct endpoint_result *endpoint);
const char *add_word(enum add_outcome outcome);

/* result.c: all of it into the file @path. 0, or a negative errno. */
int report_json(const struct report *report, const char *path);

#endif
