/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record of the trace, as doc/trace.md describes it: what libpcap calls a
 * packet. Writer and readers share this file. All members are bytes, so it is
 * the same on every machine.
 */
#ifndef FABRIC_TRACE_FORMAT_H
#define FABRIC_TRACE_FORMAT_H

#include <pcap/dlt.h>

#include "fabric/tlp.h"

#define TRACE_LINK_TYPE	 DLT_USER0
#define TRACE_VERSION	 1
#define TRACE_NAME_BYTES 8 /* of a port; shorter ones are filled up with 0 */

enum trace_kind { TRACE_TLP, TRACE_EVENT };

enum trace_direction { TRACE_PEER, TRACE_UPSTREAM, TRACE_DOWNSTREAM };

enum trace_flags {
	TRACE_HINT_DROPPED = 1, /* sent with a hint, which was dropped on the route */
	TRACE_FLIT = 2,		/* in the form of flit mode */
};

struct trace_header {
	uint8_t version;
	uint8_t kind;
	uint8_t direction; /* of a TLP: to host memory, from the host, or neither */
	uint8_t flags;
	char from[TRACE_NAME_BYTES]; /* ingress port; of an event the device */
	char to[TRACE_NAME_BYTES];   /* egress port; of an event 0 */
};

struct trace_record {
	struct trace_header header;
	/* A TLP as on the wire; or an event's value, 64 bits big-endian, and its text. */
	uint8_t bytes[TLP_HEADER_MAX_BYTES + TLP_PAYLOAD_MAX_BYTES];
};

#endif
