// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An importer that is no NIC: an endpoint of pci_endpoint_test writes into a buffer; its driver
 * asks the exporter for the hint as a NIC's does.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lab/demo/demo.h"
#include "lab/guest/endpoint.h"

#define WRITE_BYTES 9001u /* some whole TLPs, and a short one */

static int check_data(const struct accel *accel, uint64_t offset, uint32_t checksum, bool *ok)
{
	uint8_t *memory = malloc(WRITE_BYTES);
	int ret = memory ? accel_read(accel, &accel->memory, offset, memory, WRITE_BYTES) : -ENOMEM;

	if (!ret)
		*ok = endpoint_checksum(memory, WRITE_BYTES) == checksum;
	free(memory);
	return ret;
}

static int write_and_look(const struct accel *accel, const struct endpoint *endpoint,
			  struct pair *pair)
{
	const struct buffer *buffer = pair->buffer;
	struct endpoint_write written;
	int ret = accel_clear_counters(accel);

	if (!ret)
		ret = endpoint_write(endpoint, buffer->fd, 0, WRITE_BYTES, &written);
	if (!ret)
		ret = accel_read_counters(accel, &pair->counters);
	if (!ret && pair->counters.keys)
		ret = accel_read_key(accel, 0, &pair->seen);
	return ret ? ret : check_data(accel, buffer->offset, written.checksum, &pair->data_ok);
}

int write_by_endpoint(const struct accel *accel, const struct buffer *buffer,
		      struct endpoint_result *result)
{
	struct endpoint endpoint;
	int ret = endpoint_open(&endpoint, 0);

	*result = (struct endpoint_result){.tried = ret != -ENOENT,
					   .pair = {.buffer = buffer, .bytes = WRITE_BYTES}};
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	result->bdf = endpoint.bdf;
	result->tag_bits = endpoint.tag_bits;
	ret = write_and_look(accel, &endpoint, &result->pair);
	close(endpoint.fd);
	return ret;
}
