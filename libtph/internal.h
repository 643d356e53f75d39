/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the library's files share. Nothing of it is thread-safe for one context
 * at a time in two threads, as the public header says.
 */
#ifndef LIBTPH_INTERNAL_H
#define LIBTPH_INTERNAL_H

#include <stdarg.h>

#include "tph/tph.h"

#define CONFIG_HEADER_BYTES 64 /* what Linux shows to everybody */
#define CONFIG_PCI_BYTES    256
#define CONFIG_PCIE_BYTES   4096

struct pci_access;
struct pci_dev;

/* A function of a context: with its bytes (dump), or with libpci's handle (live). */
struct entry {
	struct tph_bdf bdf;
	struct pci_dev *dev;
	uint8_t *bytes;
	uint16_t length, allocated;
};

struct tph_ctx {
	unsigned references;
	struct tph_log log;
	struct entry *entries; /* in the order of tph_bdf_compare() */
	size_t count, allocated;
	/* live only */
	struct pci_access *access;
	char *sysfs;
};

/* context.c */
struct tph_ctx *ctx_new(const struct tph_log *log);
/* A new entry at the end, or NULL: no memory. Entries are sorted by ctx_sort() in the end. */
struct entry *ctx_add(struct tph_ctx *ctx, const struct tph_bdf *bdf);
/* Sorts; -EEXIST: a function is there twice. */
int ctx_sort(struct tph_ctx *ctx);
struct entry *ctx_find(const struct tph_ctx *ctx, const struct tph_bdf *bdf);
__attribute__((format(printf, 3, 4))) void
ctx_log(const struct tph_ctx *ctx, enum tph_log_level level, const char *format, ...);

/* live.c */
/* Bytes at @offset: true if all of them were there. */
bool live_read(struct tph_ctx *ctx, struct entry *entry, unsigned offset, void *buf, size_t len);
void live_close(struct tph_ctx *ctx);
/* The number in a file of the function's folder in sysfs, "0x15b3". */
int live_attribute(const struct tph_ctx *ctx, const struct tph_bdf *bdf, const char *name,
		   unsigned long *value);
/* Upper halves of the MSI-X vector controls; the table's @offset, in bytes, in BAR @bar. */
int live_msix_tags(const struct tph_ctx *ctx, const struct tph_bdf *bdf, unsigned bar,
		   uint64_t offset, uint16_t *tags, size_t count);

/* config.c: a function's configuration space as far as it is visible. */
struct config {
	struct tph_ctx *ctx;
	struct entry *entry;
	uint16_t bytes;
	bool silent; /* reads as all ones */
};

void config_open(struct config *c, struct tph_ctx *ctx, struct entry *entry);
/* TPH_SEEN_YES, or TPH_SEEN_CUT; little endian. */
enum tph_seen config_get8(const struct config *c, unsigned offset, uint8_t *value);
enum tph_seen config_get16(const struct config *c, unsigned offset, uint16_t *value);
enum tph_seen config_get32(const struct config *c, unsigned offset, uint32_t *value);
/* Finds a capability of at least @len bytes. Its offset is written if it is there. */
enum tph_seen config_find(const struct config *c, uint8_t id, unsigned len, uint16_t *offset);
enum tph_seen config_find_ext(const struct config *c, uint16_t id, unsigned len, uint16_t *offset);

/* function.c */
void function_decode(const struct config *c, struct tph_function *f);

/* path.c: what the verdict depends on; see verdict.c. */
struct chain {
	const struct tph_function **functions; /* the function, then the bridges above it */
	size_t count;
	size_t common; /* index of the first that is above both; count: none is */
	bool complete; /* the last is on a root bus */
};

struct pair {
	struct chain up, down;		 /* of importer and exporter */
	const struct tph_kernel *kernel; /* NULL: one that can all of it */
	enum tph_route route[TPH_WHENS];
	const struct tph_function *redirect; /* the first that redirects around the common bridge */
	const struct tph_function *hidden;   /* decides the route, but could not be seen */
	const struct tph_function *root;     /* the importer's Root Port, NULL: none */
	enum tph_seen host_seen;
	enum tph_completer host; /* of what the importer sends to it; never reserved */
};

/* verdict.c: depends on *pair alone. Its sentence is NULL. */
struct tph_judgement verdict(const struct pair *pair, enum tph_when when, enum tph_width width);

/* sentence.c: NULL, no memory. To be freed. */
char *sentence(const struct pair *pair, const struct tph_judgement *judgement);

/* p2p_host.c: is a host bridge on the kernel's list for peer-to-peer? */
bool p2p_host_listed(uint16_t vendor, uint16_t device, bool same_bridge);

#endif
