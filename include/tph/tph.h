/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libtph: TLP Processing Hints (TPH) of PCI Express functions, of pairs of
 * functions, and of dma-bufs.
 *
 * For all of it:
 *
 * - Functions that can fail return 0, or a number that is not negative where
 *   that is said, or a negative errno. On failure no output is written. -ENOMEM
 *   may come from every function that hands out memory and is not listed again.
 * - The library never prints, never exits, installs no signal handler and has
 *   no state outside of a struct tph_ctx.
 * - Thread safety: functions without a struct tph_ctx may be called by any
 *   thread at any time. One struct tph_ctx is for one thread at a time; different
 *   ones are independent. Results that were handed out do not depend on the
 *   context any more; they are the caller's and constant.
 * - Structures that the library hands out may get new members at their end in
 *   later versions. They are for reading: do not allocate or copy them. Those
 *   that the caller fills will not change.
 * - "8-bit" is a Steering Tag (ST), "16-bit" an Extended Steering Tag. The two
 *   are separate tables of the completer, whatever the tag's value.
 * - Register layouts are those of PCI Express Base 6.x, 7.5.3.15 (Device
 *   Capabilities 2), 7.7.11 (ACS), 7.9.13 (TPH Requester).
 */
#ifndef TPH_TPH_H
#define TPH_TPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Widths, Processing Hints, addresses ------------------------------------------------- */

/** enum tph_width - the two namespaces of Steering Tags; indices of arrays here */
enum tph_width {
	TPH_WIDTH_8 = 0,
	TPH_WIDTH_16 = 1,
};
#define TPH_WIDTHS 2

/**
 * enum tph_ph - Processing Hints (PCIe table 2-18)
 * @TPH_PH_BIDIRECTIONAL: "bidirectional"
 * @TPH_PH_REQUESTER: "requester"
 * @TPH_PH_TARGET: "target"
 * @TPH_PH_TARGET_PRIORITY: "target-priority"
 */
enum tph_ph {
	TPH_PH_BIDIRECTIONAL = 0,
	TPH_PH_REQUESTER = 1,
	TPH_PH_TARGET = 2,
	TPH_PH_TARGET_PRIORITY = 3,
};

/** tph_ph_word() - the word for a Processing Hint, NULL if @ph is above 3; a constant string */
const char *tph_ph_word(unsigned ph);

/** tph_ph_parse() - the Processing Hint 0..3 of a word; -EINVAL: no such word, or NULL */
int tph_ph_parse(const char *word);

/** struct tph_bdf - address of a PCI function; @domain has 32 bits as in Linux */
struct tph_bdf {
	uint32_t domain;
	uint8_t bus;
	uint8_t device;	  /* 0..31 */
	uint8_t function; /* 0..7 */
};

/** TPH_BDF_CHARS - enough for tph_bdf_format(), NUL included */
#define TPH_BDF_CHARS 24

/**
 * tph_bdf_parse() - "[DOMAIN:]BUS:DEVICE.FUNCTION" in hexadecimal digits
 * @text: without a domain it is domain 0
 * @bdf: result
 *
 * Return: 0; -EINVAL: it is not such an address, or something follows it
 */
int tph_bdf_parse(const char *text, struct tph_bdf *bdf);

/** tph_bdf_format() - "0000:03:00.0", always with the domain; returns @text */
char *tph_bdf_format(const struct tph_bdf *bdf, char text[TPH_BDF_CHARS]);

/** tph_bdf_compare() - order by domain, bus, device, function: below, equal to, or above 0 */
int tph_bdf_compare(const struct tph_bdf *a, const struct tph_bdf *b);

/* ---- Context: where configuration space comes from ---------------------------------------- */

/** struct tph_ctx - a set of PCI functions, of this machine or of a dump; counted references */
struct tph_ctx;

/** enum tph_log_level - how bad a message is */
enum tph_log_level {
	TPH_LOG_ERROR = 0,
	TPH_LOG_WARNING = 1,
	TPH_LOG_DEBUG = 2,
};

/**
 * tph_log_fn - takes the library's messages, one line each without newline
 *
 * Called by the thread that called the library, during that call. It must not
 * call the library with the same context.
 */
typedef void (*tph_log_fn)(void *data, enum tph_log_level level, const char *message);

/** struct tph_log - a log callback, @fn NULL: no messages; @data is given back to @fn */
struct tph_log {
	tph_log_fn fn;
	void *data;
};

/**
 * tph_ctx_new_live() - the functions of this machine
 * @sysfs: NULL for /sys/bus/pci, or another folder laid out like it
 * @log: callback, or NULL; copied
 * @ctx: result, with one reference
 *
 * Scans once: functions that come later are not in it. A function is read when it
 * is first asked for and kept, so all answers of a context agree; make another
 * context to look again. ST tables are read each time.
 *
 * Return: 0; -ENOENT, -EACCES and other errors of opening the folder; -EIO: it
 * is not laid out like that; the log says what
 */
int tph_ctx_new_live(const char *sysfs, const struct tph_log *log, struct tph_ctx **ctx);

/**
 * tph_ctx_new_dump() - the functions of a file that `lspci -xxxx` wrote
 * @path: file name
 * @log: callback, or NULL; copied
 * @ctx: result, with one reference
 *
 * Dumps of -x (64 bytes) and -xxx (256 bytes) are read too, what is not in them
 * is "not visible". Text between the hexadecimal lines (-v) is skipped.
 *
 * Return: 0; -EBADMSG: a malformed line, the log has its number; -ENODATA: no
 * function in it; errors of opening and reading the file
 */
int tph_ctx_new_dump(const char *path, const struct tph_log *log, struct tph_ctx **ctx);

/** tph_ctx_new_dump_file() - as tph_ctx_new_dump(), from @file's position to its end; not closed */
int tph_ctx_new_dump_file(FILE *file, const struct tph_log *log, struct tph_ctx **ctx);

/** tph_ctx_ref() - one more reference; returns @ctx. NULL is allowed */
struct tph_ctx *tph_ctx_ref(struct tph_ctx *ctx);

/** tph_ctx_unref() - one reference less, the last frees; returns NULL. NULL is allowed */
struct tph_ctx *tph_ctx_unref(struct tph_ctx *ctx);

/** tph_ctx_is_dump() - it came from a dump, so nothing outside configuration space can be read */
bool tph_ctx_is_dump(const struct tph_ctx *ctx);

/** tph_ctx_has() - is there a function at @bdf? */
bool tph_ctx_has(const struct tph_ctx *ctx, const struct tph_bdf *bdf);

/* What tph_ctx_list() lists, or-ed. */
#define TPH_LIST_REQUESTERS (1u << 0) /* has a TPH Requester capability */
#define TPH_LIST_COMPLETERS (1u << 1) /* completes 8-bit or 16-bit tags */
#define TPH_LIST_UNKNOWN    (1u << 2) /* a role of it could not be seen, see enum tph_seen */
#define TPH_LIST_ALL	    (1u << 3) /* every function */

/**
 * tph_ctx_list() - addresses of functions, in order
 * @ctx: context
 * @what: TPH_LIST_*
 * @list: result, to be freed with free(); not NULL even if there are none
 * @count: their number
 *
 * Reads configuration space of all functions, unless for TPH_LIST_ALL.
 *
 * Return: 0; -EINVAL: @what has other bits or none
 */
int tph_ctx_list(struct tph_ctx *ctx, unsigned what, struct tph_bdf **list, size_t *count);

/* ---- One function -------------------------------------------------------------------------- */

/**
 * enum tph_seen - is something there?
 * @TPH_SEEN_NO: no, for certain
 * @TPH_SEEN_YES: yes
 * @TPH_SEEN_CUT: configuration space that was visible does not reach that far:
 *	read it as root (64 bytes), or from a dump of `lspci -xxxx` (256 bytes)
 * @TPH_SEEN_SILENT: the function reads as all ones: in reset, powered off, gone
 * @TPH_SEEN_MALFORMED: the list of capabilities has a loop, leaves its space or
 *	has a capability cut by the end of the space
 */
enum tph_seen {
	TPH_SEEN_NO = 0,
	TPH_SEEN_YES = 1,
	TPH_SEEN_CUT = 2,
	TPH_SEEN_SILENT = 3,
	TPH_SEEN_MALFORMED = 4,
};

/** tph_seen_name() - "no", "yes", "not-visible", "no-answer", "malformed"; NULL if out of range */
const char *tph_seen_name(enum tph_seen seen);

/** enum tph_port - kind of a function, from the PCI Express capability and the header type */
enum tph_port {
	TPH_PORT_UNKNOWN = 0, /* not visible, or a reserved type */
	TPH_PORT_ENDPOINT,    /* PCI Express and Legacy Endpoint */
	TPH_PORT_RC_ENDPOINT, /* Root Complex Integrated Endpoint */
	TPH_PORT_RC_EVENT_COLLECTOR,
	TPH_PORT_ROOT,
	TPH_PORT_UPSTREAM,    /* of a switch */
	TPH_PORT_DOWNSTREAM,  /* of a switch */
	TPH_PORT_PCIE_TO_PCI, /* bridge */
	TPH_PORT_PCI_TO_PCIE, /* bridge */
	TPH_PORT_PCI,	      /* conventional: no PCI Express capability */
	TPH_PORT_PCI_BRIDGE,  /* conventional bridge */
	TPH_PORT_HOST_BRIDGE, /* in struct tph_hop alone: no function, the root of a bus */
};

/** tph_port_name() - "endpoint", "rc-endpoint", "root-port", …; NULL if out of range */
const char *tph_port_name(enum tph_port port);

/** enum tph_mode - ST Mode Select of the control register; others are reserved */
enum tph_mode {
	TPH_MODE_NO_ST = 0, /* every tag is 0 */
	TPH_MODE_INTERRUPT_VECTOR = 1,
	TPH_MODE_DEVICE_SPECIFIC = 2,
};

/** tph_mode_name() - "no-st", "interrupt-vector", "device-specific"; "reserved" for all others */
const char *tph_mode_name(unsigned mode);

/** enum tph_enable - TPH Requester Enable of the control register; 2 is reserved */
enum tph_enable {
	TPH_ENABLE_OFF = 0,
	TPH_ENABLE_8 = 1, /* 8-bit tags only */
	TPH_ENABLE_RESERVED = 2,
	TPH_ENABLE_16 = 3, /* Extended: any tag may be sent as a 16-bit one */
};

/** tph_enable_name() - "off", "8-bit", "reserved", "16-bit"; NULL if out of range */
const char *tph_enable_name(unsigned enable);

/** enum tph_table - where the ST table is */
enum tph_table {
	TPH_TABLE_NONE = 0,
	TPH_TABLE_CAPABILITY = 1,
	TPH_TABLE_MSIX = 2, /* vector control 31:16 of the MSI-X table's entries */
	TPH_TABLE_RESERVED = 3,
};

/** tph_table_name() - "none", "capability", "msi-x", "reserved"; NULL if out of range */
const char *tph_table_name(unsigned table);

/** enum tph_completer - TPH Completer Supported, Device Capabilities 2 bits 13:12 */
enum tph_completer {
	TPH_COMPLETER_NONE = 0,
	TPH_COMPLETER_8 = 1,
	TPH_COMPLETER_RESERVED = 2, /* counts as none */
	TPH_COMPLETER_16 = 3,	    /* 8-bit and 16-bit */
};

/** tph_completer_name() - "none", "8-bit", "reserved", "16-bit"; NULL if out of range */
const char *tph_completer_name(unsigned completer);

/**
 * struct tph_function - what a function's configuration space says of TPH
 *
 * Members below one of type enum tph_seen are 0 unless it is TPH_SEEN_YES.
 */
struct tph_function {
	struct tph_bdf bdf;
	uint16_t vendor, device;
	uint32_t class_code;		/* 24 bits: class, subclass, interface */
	bool bridge;			/* header type 1 */
	uint8_t secondary, subordinate; /* bus numbers behind a bridge */
	enum tph_port port;
	/*
	 * Bytes of configuration space that can be read here: 64 without root,
	 * 256 for conventional PCI or no extended access, else 4096.
	 */
	uint16_t config_bytes;

	struct {
		enum tph_seen seen;	      /* the TPH Requester extended capability */
		uint16_t offset;	      /* where it is, bytes */
		uint32_t capability, control; /* the registers, as they are */
		/* Of the capability register: what it can do */
		bool no_st, interrupt_vector, device_specific; /* modes */
		bool extended;				       /* 16-bit tags */
		enum tph_table table;
		/* Entries of the ST table, 1..2048; 0: no table, or a reserved location */
		uint16_t table_entries;
		/* Of the control register: what it does now */
		uint8_t mode; /* enum tph_mode, or reserved 3..7 */
		enum tph_enable enable;
	} requester;

	struct {
		enum tph_seen seen; /* the PCI Express capability and its DevCap2 */
		uint32_t devcap2;   /* the register */
		enum tph_completer type;
		bool prefix;	     /* End-End TLP Prefixes are supported */
		uint8_t prefix_max;  /* how many in a TLP, 1..4; 0: not supported */
		bool prefix_blocked; /* DevCtl2 bit 15: this port lets none out */
	} completer;

	struct {
		enum tph_seen seen; /* the ACS extended capability */
		uint16_t offset;
		uint16_t capability, control; /* the registers */
		/* The control register's redirects that are on */
		bool request_redirect, completion_redirect, egress_control;
	} acs;

	struct {
		/*
		 * TPH_SEEN_NO: it is on a root bus; TPH_SEEN_CUT: there is a bridge,
		 * which the context does not have
		 */
		enum tph_seen seen;
		struct tph_bdf bdf; /* the bridge whose bus it is on */
	} above;
};

/**
 * tph_function_read() - decode a function
 * @ctx: context
 * @bdf: its address
 * @function: result, to be freed with tph_function_free()
 *
 * Return: 0, also where little could be seen; -ENODEV: there is none at @bdf
 */
int tph_function_read(struct tph_ctx *ctx, const struct tph_bdf *bdf,
		      struct tph_function **function);
void tph_function_free(struct tph_function *function);

/** struct tph_st_table - entries of a function's ST table, as they are now */
struct tph_st_table {
	enum tph_table table; /* TPH_TABLE_CAPABILITY or TPH_TABLE_MSIX */
	size_t count;
	/* The function says that it has this many; more than count: the rest does not fit */
	size_t declared;
	const uint16_t *tags; /* count of them; an 8-bit tag is in the low byte */
};

/**
 * tph_st_table_read() - read a function's ST table
 * @ctx: context
 * @bdf: its address
 * @table: result, to be freed with tph_st_table_free()
 *
 * A table in the MSI-X table is read through the BAR's file in sysfs: live, as
 * root, and while the function decodes memory.
 *
 * Return: 0; -ENODEV: no function at @bdf; -ENOENT: it has no TPH Requester
 * capability or no ST table; -ENODATA: not visible: configuration space is cut,
 * or the table is in MSI-X and @ctx is a dump; -EACCES, -EPERM: needs root;
 * -EAGAIN: the function does not decode memory or does not answer now;
 * -EBADMSG: reserved location, capabilities malformed, no MSI-X table where
 * there should be one, or outside its BAR
 */
int tph_st_table_read(struct tph_ctx *ctx, const struct tph_bdf *bdf, struct tph_st_table **table);
void tph_st_table_free(struct tph_st_table *table);

/* ---- What the running kernel supports -------------------------------------------------------- */

/** enum tph_support - does the kernel have something? */
enum tph_support {
	TPH_SUPPORT_UNKNOWN = 0,
	TPH_SUPPORT_NO = 1,
	TPH_SUPPORT_YES = 2,
};

/**
 * struct tph_kernel - what a kernel can do. The caller may fill one, zeroed
 * first, to ask about another kernel than the running one.
 */
struct tph_kernel {
	char release[64];	   /* as of uname, for people; may be empty */
	enum tph_support tph;	   /* CONFIG_PCIE_TPH */
	enum tph_support peers;	   /* TPH for peers of a device whose Root Port completes none */
	enum tph_support hints;	   /* hints on dma-bufs: dma_buf_get_tph() */
	enum tph_support p2pdma;   /* CONFIG_PCI_P2PDMA */
	enum tph_support disabled; /* YES: booted with pci=notph */
	enum tph_support cpu_p2p;  /* P2PDMA takes any host bridge of this CPU: AMD family 17h up */
};

/**
 * tph_kernel_probe() - find out what the running kernel can do
 * @proc: NULL for /proc, or another folder laid out like it
 * @kernel: result
 *
 * Looks at kallsyms (names alone), cmdline, cpuinfo and version.
 * What cannot be read is unknown. Needs no privilege.
 *
 * Return: 0; -ENOENT and other errors if @proc is no folder that can be read
 */
int tph_kernel_probe(const char *proc, struct tph_kernel *kernel);

/* ---- A pair: can hints travel from the importer to the exporter? ------------------------------
 */

/**
 * enum tph_verdict - does a hint of the importer's writes reach the exporter?
 * @TPH_VERDICT_UNKNOWN: what decides it could not be seen
 * @TPH_VERDICT_NONE: no
 * @TPH_VERDICT_BEST_EFFORT: it may; the root complex is free to drop it
 * @TPH_VERDICT_GUARANTEED: yes
 *
 * The numbers grow with what is promised.
 */
enum tph_verdict {
	TPH_VERDICT_UNKNOWN = 0,
	TPH_VERDICT_NONE = 1,
	TPH_VERDICT_BEST_EFFORT = 2,
	TPH_VERDICT_GUARANTEED = 3,
};

/** tph_verdict_name() - "unknown", "none", "best-effort", "guaranteed"; NULL if out of range */
const char *tph_verdict_name(enum tph_verdict verdict);

/** enum tph_route - the way of requests between two functions, by the rules of the kernel's P2PDMA
 */
enum tph_route {
	TPH_ROUTE_UNKNOWN = 0,
	TPH_ROUTE_NONE = 1,   /* the kernel does not map peer-to-peer between them */
	TPH_ROUTE_HOST = 2,   /* up to the root complex and down again */
	TPH_ROUTE_DIRECT = 3, /* turned at a common bridge, or the same function */
};

/** tph_route_name() - "unknown", "none", "host", "direct"; NULL if out of range */
const char *tph_route_name(enum tph_route route);

/**
 * enum tph_reason - why a verdict is what it is
 *
 * If there are several, the first in the order of this enum counts: what nobody
 * can change comes before what could not be seen, that before what can be
 * configured. The number of a reason and its id never change.
 */
enum tph_reason {
	TPH_REASON_NONE = 0, /* "none": guaranteed, nothing is in the way */

	/* none: what the two functions are */
	TPH_REASON_NOT_REQUESTER = 1,	   /* "not-requester": no TPH Requester capability */
	TPH_REASON_REQUESTER_NO_ST = 2,	   /* "requester-no-st": it can send tag 0 only */
	TPH_REASON_REQUESTER_8BIT = 3,	   /* "requester-8bit-only": asked for 16 */
	TPH_REASON_NOT_COMPLETER = 4,	   /* "not-completer" */
	TPH_REASON_COMPLETER_RESERVED = 5, /* "completer-reserved": says 10b */
	TPH_REASON_COMPLETER_8BIT = 6,	   /* "completer-8bit-only": asked for 16 */

	/* unknown: something was not visible */
	TPH_REASON_IMPORTER_NOT_VISIBLE = 7, /* "importer-not-visible": needs root, or -xxxx */
	TPH_REASON_EXPORTER_NOT_VISIBLE = 8, /* "exporter-not-visible" */
	TPH_REASON_IMPORTER_SILENT = 9,	     /* "importer-no-answer": reads as all ones */
	TPH_REASON_EXPORTER_SILENT = 10,     /* "exporter-no-answer" */
	TPH_REASON_IMPORTER_MALFORMED = 11,  /* "importer-malformed": its capabilities */
	TPH_REASON_EXPORTER_MALFORMED = 12,  /* "exporter-malformed" */
	TPH_REASON_PATH_NOT_VISIBLE = 13,    /* "path-not-visible": what is above or at @at */
	TPH_REASON_ROUTE_UNKNOWN = 14,	     /* "route-unknown": the CPU is not known */

	/* none: the way between them */
	TPH_REASON_NO_PREFIX = 15,	/* "no-prefix": @at has no End-End prefixes; 16-bit */
	TPH_REASON_PREFIX_BLOCKED = 16, /* "prefix-blocked": at port @at; 16-bit */
	TPH_REASON_NO_ROUTE = 17,	/* "no-route": host bridge is not on the kernel's list */

	/* none or unknown: the kernel */
	TPH_REASON_KERNEL_NO_TPH = 18,	  /* "kernel-no-tph": CONFIG_PCIE_TPH */
	TPH_REASON_KERNEL_NO_HINTS = 19,  /* "kernel-no-hints": without the series */
	TPH_REASON_KERNEL_NO_P2PDMA = 20, /* "kernel-no-p2pdma": CONFIG_PCI_P2PDMA */
	TPH_REASON_KERNEL_UNKNOWN = 21,	  /* "kernel-unknown": what it can do is not known */

	/* unknown, none or best effort: at port @at */
	TPH_REASON_ACS_REDIRECT = 22, /* "acs-redirect" */

	/* none: what can be configured, or how the kernel does it */
	TPH_REASON_ROOT_NOT_COMPLETER = 23, /* "root-port-not-completer": the way is through @at */
	TPH_REASON_ROOT_8BIT = 24,	 /* "root-port-8bit-only": no more is enabled below @at */
	TPH_REASON_KERNEL_NO_PEERS = 25, /* "kernel-no-peers": enables none below @at */
	TPH_REASON_KERNEL_DISABLED = 26, /* "kernel-tph-disabled": pci=notph */
	TPH_REASON_DISABLED = 27,	 /* "requester-disabled": TPH is not enabled now */
	TPH_REASON_ENABLE_RESERVED = 28, /* "requester-enable-reserved": control says 10b */
	TPH_REASON_MODE_NO_ST = 29,	 /* "requester-mode-no-st": enabled, but with tag 0 only */
	TPH_REASON_ENABLED_8BIT = 30,	 /* "requester-enabled-8bit": asked for 16 */
	TPH_REASON_ENABLED_16BIT = 31,	 /* "requester-enabled-16bit": asked for 8 */

	/* best effort */
	TPH_REASON_HOST_BRIDGE = 32, /* "host-bridge": no common bridge below it */
};

/** tph_reason_id() - the id that stands beside the reason above; NULL if out of range */
const char *tph_reason_id(enum tph_reason reason);

/**
 * struct tph_judgement - a verdict with its reason
 * @verdict: the verdict
 * @reason: the first reason that matters
 * @at: the function it is about: the port, bridge or end
 * @sentence: for people: what it is, where, and what to do about it; one line
 */
struct tph_judgement {
	enum tph_verdict verdict;
	enum tph_reason reason;
	struct tph_bdf at;
	const char *sentence;
};

/** enum tph_side - where a hop is in the tree of the two functions */
enum tph_side {
	TPH_SIDE_IMPORTER = 0, /* the importer, and bridges above it alone */
	TPH_SIDE_COMMON = 1,   /* above both */
	TPH_SIDE_EXPORTER = 2, /* the exporter, and bridges above it alone */
};

/**
 * struct tph_hop - a function above one of the two, one of the two, or a host bridge
 * @function: what its configuration space says. For a host bridge only
 *	bdf.domain, bdf.bus (the root bus) and port are set
 * @side: where it is
 * @on_way: requests pass it
 * @redirects: its ACS control turns requests between the two to the host
 */
struct tph_hop {
	const struct tph_function *function;
	enum tph_side side;
	bool on_way;
	bool redirects;
};

/** enum tph_when - by what is enabled now, or by what could be; indices of arrays here */
enum tph_when {
	TPH_NOW = 0,
	/* TPH enabled in the importer as the kernel would, no ACS redirect, no pci=notph */
	TPH_COULD_BE = 1,
};
#define TPH_WHENS 2

/**
 * struct tph_path - the way between two functions, and the verdicts
 * @hops: importer first, up to its topmost bridge (TPH_SIDE_IMPORTER); then the
 *	bridges above both, lowest first (TPH_SIDE_COMMON), the host bridge last;
 *	then the exporter's topmost bridge down to the exporter
 *	(TPH_SIDE_EXPORTER). With two host bridges each is the topmost of its
 *	side. If importer and exporter are one function it is there once, common.
 * @hop_count: their number
 * @complete: both ways up were seen to the end; false: a bridge is missing
 * @common: index in @hops of the bridge where a direct way turns;
 *	-1: there is none below the host bridge
 * @route: the way now
 * @judgements: [TPH_NOW or TPH_COULD_BE][TPH_WIDTH_8 or TPH_WIDTH_16]
 */
struct tph_path {
	struct tph_bdf importer, exporter;
	const struct tph_hop *hops;
	size_t hop_count;
	bool complete;
	int common;
	enum tph_route route;
	struct tph_judgement judgements[TPH_WHENS][TPH_WIDTHS];
};

/**
 * tph_path_read() - judge a pair
 * @ctx: context
 * @importer: the requester, such as a NIC
 * @exporter: the completer, whose memory is written
 * @kernel: what the kernel can do, see tph_kernel_probe(); NULL: a kernel that
 *	can all of it, on a CPU that is not known
 * @path: result, to be freed with tph_path_free()
 *
 * The verdict agrees with the kernel's own, which the exporter asks whenever a
 * dma-buf is attached. It is stricter in two things that the kernel leaves to
 * others: a requester in No-ST mode sends no tag, and a port that blocks
 * prefixes lets no 16-bit tag through. The list of host bridges is that of
 * Linux 7.3. ACS is read now; the kernel keeps what it read first.
 *
 * Return: 0, whatever the verdict; -ENODEV: @importer or @exporter is not there
 */
int tph_path_read(struct tph_ctx *ctx, const struct tph_bdf *importer,
		  const struct tph_bdf *exporter, const struct tph_kernel *kernel,
		  struct tph_path **path);
void tph_path_free(struct tph_path *path);

/* ---- A device that the caller owns through VFIO ----------------------------------------------
 */

/** struct tph_vfio - a PCI function, open through VFIO. To be closed by one thread, used by any */
struct tph_vfio;

/** TPH_VFIO_FILE_CHARS - enough for the name of a file that tph_vfio_open() is about, with NUL */
#define TPH_VFIO_FILE_CHARS 300

/**
 * tph_vfio_open() - open a PCI function through VFIO
 * @bdf: its address; it must be bound to vfio-pci or a variant of it
 * @device: result, to be closed with tph_vfio_close()
 * @file: the device's own file in /dev/vfio, written on failure too: the file
 *	that the error is about. NULL: not wanted
 *
 * Through the function's own file and /dev/iommu where the kernel has them, else
 * through its IOMMU group; without an IOMMU too, where the kernel allows that.
 * The functions below work at once. Address spaces for DMA of the device itself
 * are not set up: who needs them opens it without this function, since all below
 * take the file descriptor alone. VFIO resets the function if it can.
 *
 * Return: 0; -ENODEV: there is no function at @bdf; -ENOENT: @file is not there,
 * so the function is not bound to vfio-pci, or VFIO is not loaded; -EBUSY: it is
 * open already; -EXDEV: another function of its group has a driver that VFIO
 * knows nothing of; -EACCES, -EPERM: needs root, or a user who may open @file;
 * and other errors of opening it
 */
int tph_vfio_open(const struct tph_bdf *bdf, struct tph_vfio **device,
		  char file[TPH_VFIO_FILE_CHARS]);

/**
 * tph_vfio_close() - close it; NULL is allowed
 *
 * What was exported loses its memory, whoever still holds the dma-buf.
 */
void tph_vfio_close(struct tph_vfio *device);

/** tph_vfio_fd() - the VFIO device's file descriptor, which stays the library's */
int tph_vfio_fd(const struct tph_vfio *device);

/** tph_vfio_open_advice() - what to do about an error of tph_vfio_open(): a constant sentence */
const char *tph_vfio_open_advice(int error);

/* What tph_vfio_enable() turns on, or-ed. */
#define TPH_VFIO_MEMORY	    (1u << 0) /* decodes memory; off, what was exported is revoked */
#define TPH_VFIO_BUS_MASTER (1u << 1) /* may send requests of its own */

/**
 * tph_vfio_enable() - write the function's command register
 * @device_fd: VFIO device
 * @what: TPH_VFIO_*; those that are not in it are turned off
 *
 * Memory must be on for a dma-buf to have any.
 *
 * Return: 0; -EINVAL: @what has other bits; errors of the file
 */
int tph_vfio_enable(int device_fd, unsigned what);

/* ---- Its dma-bufs, and their hints -----------------------------------------------------------
 */

/* flags of struct tph_hints */
#define TPH_HINT_ST	      (1u << 0)	 /* st is there, for importers that send 8-bit tags */
#define TPH_HINT_ST_EXT	      (1u << 1)	 /* st_ext is there, for those that send 16-bit tags */
#define TPH_HINT_REQUIRED     (1u << 2)	 /* who does not take the hint must not map the buffer */
#define TPH_HINT_TAKEN_ST     (1u << 16) /* read only: an importer has mapped with st … */
#define TPH_HINT_TAKEN_ST_EXT (1u << 17) /* … with st_ext, since it was set */

/**
 * struct tph_hints - the hints of a dma-buf
 * @flags: TPH_HINT_*; 0: no hint. It decides what is there, not the values
 * @st_ext: 16-bit tag, 0 without TPH_HINT_ST_EXT
 * @st: 8-bit tag, 0 without TPH_HINT_ST
 * @ph: Processing Hint of both, enum tph_ph; 0 if there is no tag
 */
struct tph_hints {
	uint32_t flags;
	uint16_t st_ext;
	uint8_t st;
	uint8_t ph;
};

/**
 * struct tph_vfio_support - what kernel and device do about hints
 *
 * Each is "can be used with this device here and now".
 */
struct tph_vfio_support {
	bool export_dmabuf; /* slices of BARs as dma-bufs at all */
	bool at_export;	    /* hints in the flags of the export */
	bool feature;	    /* hints set, read and cleared after it */
	bool required;	    /* TPH_HINT_REQUIRED */
	bool extended;	    /* the device completes 16-bit tags */
};

/**
 * tph_vfio_probe() - what do kernel and device do about hints?
 * @device_fd: VFIO device, opened and bound to its group or iommufd
 * @support: result; exports nothing and changes nothing
 *
 * Return: 0: there is a way to give hints; -EOPNOTSUPP: the kernel knows hints
 * but the device is no TPH completer; -ENOTTY: the kernel knows no hints on
 * dma-bufs, or @device_fd is no VFIO device; -EBADF, -EINVAL and other errors
 * of the ioctl. @support is written in all of these cases.
 */
int tph_vfio_probe(int device_fd, struct tph_vfio_support *support);

/** struct tph_range - a slice of a BAR, in bytes, both multiples of the page size */
struct tph_range {
	uint64_t offset;
	uint64_t length;
};

/**
 * struct tph_vfio_export - a dma-buf to be
 * @bar: number of the BAR, 0..5
 * @open_flags: O_CLOEXEC and an access mode (O_RDWR, …)
 * @ranges: slices of the BAR, in the order of the buffer; at least one
 * @range_count: their number
 * @hints: what importers shall send; all 0: none
 */
struct tph_vfio_export {
	uint32_t bar;
	int open_flags;
	const struct tph_range *ranges;
	size_t range_count;
	struct tph_hints hints;
};

/**
 * tph_vfio_export() - export memory of a BAR as a dma-buf with hints
 * @device_fd: VFIO device
 * @request: what
 *
 * The hints are in place before the file descriptor is returned, so before
 * anyone can attach: through the flags of the export, or, where these cannot
 * say it (both tags) or the kernel lacks them, by setting them right after.
 * If neither works nothing stays exported.
 *
 * Return: the file descriptor. -EINVAL: hints that mean nothing, no range, not
 * page aligned, beyond the BAR, or they overlap; -ENODEV: @bar is no BAR with
 * memory, or the device was closed; -EOPNOTSUPP: the device is no TPH completer,
 * or none of 16-bit tags, or the driver exports none of its memory; -ENOTTY: the
 * kernel cannot export, or knows no such hints; -E2BIG: too many ranges; -EBADF,
 * -EMFILE and other errors of the ioctl
 */
int tph_vfio_export(int device_fd, const struct tph_vfio_export *request);

/**
 * tph_vfio_set_hints() - replace all hints of a dma-buf; all 0 clears them
 * @device_fd: VFIO device that exported it
 * @dmabuf_fd: the dma-buf
 * @hints: what importers are told from now on. What is mapped stays as it is
 *
 * Return: 0; -EINVAL: hints that mean nothing, or a dma-buf of another exporter
 * or device; -EBADF: @dmabuf_fd is no file; -ENODEV: the device it came from was
 * closed; -EBUSY: TPH_HINT_REQUIRED, but someone is attached without; -EOPNOTSUPP:
 * the device is no completer, or none of 16-bit tags; -ENOTTY: the kernel cannot
 */
int tph_vfio_set_hints(int device_fd, int dmabuf_fd, const struct tph_hints *hints);

/** tph_vfio_get_hints() - the hints of a dma-buf; errors as of tph_vfio_set_hints() */
int tph_vfio_get_hints(int device_fd, int dmabuf_fd, struct tph_hints *hints);

/** tph_vfio_clear_hints() - no hints any more; errors as of tph_vfio_set_hints() */
int tph_vfio_clear_hints(int device_fd, int dmabuf_fd);

/** tph_vfio_explain() - what an error of the functions above means: a constant sentence */
const char *tph_vfio_explain(int error);

/* ---- dma-bufs of the machine ------------------------------------------------------------------
 */

/** struct tph_holder - a process that has file descriptors of a dma-buf */
struct tph_holder {
	int32_t pid;
	int32_t fd;	     /* the lowest of them */
	const char *command; /* the process's name, any bytes; "" if it is not known */
	size_t fd_count;     /* how many it has */
};

/** struct tph_buf - a dma-buf */
struct tph_buf {
	/* The kernel's number of it; 0: not known, then each file descriptor is a buffer here */
	uint64_t inode;
	uint64_t size_bytes;
	uint64_t references;  /* of the file, by file descriptors, mappings and the kernel */
	const char *exporter; /* such as "vfio_pci_core" */
	const char *name;     /* what a holder called it, any bytes; "" if it has none */
	/* YES: hints is what it has, maybe nothing; UNKNOWN: the kernel does not tell */
	enum tph_support hints_known;
	struct tph_hints hints;
	const struct tph_holder *holders;
	size_t holder_count;
};

/** struct tph_bufs - all that could be seen */
struct tph_bufs {
	const struct tph_buf *bufs; /* by inode */
	size_t count;
	size_t denied; /* processes that this user may not look into */
};

/**
 * tph_bufs_read() - find the dma-bufs that processes hold as file descriptors
 * @proc: NULL for /proc, or another folder laid out like it
 * @bufs: result, to be freed with tph_bufs_free()
 *
 * Processes that end meanwhile are left out. Needs root to see those of others.
 * A buffer that only the kernel, a mapping or a message in a socket holds is not
 * in it, nor one that only a thread with file descriptors of its own holds.
 * Hints are the fdinfo line "tph:" of words "st=0x5a", "st_ext=0x1234", "ph=2",
 * "required=1", "taken_st=1", "taken_st_ext=1"; a word that is absent is 0 or
 * not there.
 *
 * What a process can choose is @name and @command: show them with care, any
 * byte but 0 can be in them. Inode, size, references and exporter are the
 * kernel's own. So are the hints, where the kernel has such a line and escapes
 * the names of dma-bufs, as the dma-buf TPH series does.
 *
 * Return: 0; -EMFILE, -ENFILE: no file descriptor left; -ENOENT and other errors
 * of opening @proc
 */
int tph_bufs_read(const char *proc, struct tph_bufs **bufs);
void tph_bufs_free(struct tph_bufs *bufs);

#ifdef __cplusplus
}
#endif

#endif
