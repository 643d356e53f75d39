/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The version of the protocol, and the largest message that the client accepts. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "vfio-user/endpoint.h"

#define MAJOR 0
#define MINOR 0

/* The reply has two levels; a client's JSON may have more, up to this limit. */
#define MAX_DEPTH 16

static int read_capabilities(struct json_object *json, size_t *max_transfer)
{
	struct json_object *capabilities, *value;
	int64_t number;

	if (!json_object_is_type(json, json_type_object))
		return -EINVAL;
	if (!json_object_object_get_ex(json, "capabilities", &capabilities))
		return 0;
	if (!json_object_is_type(capabilities, json_type_object))
		return -EINVAL;
	if (!json_object_object_get_ex(capabilities, "max_data_xfer_size", &value))
		return 0;
	if (!json_object_is_type(value, json_type_int))
		return -EINVAL;
	number = json_object_get_int64(value);
	if (number <= 0)
		return -EINVAL;
	if (number < VU_MAX_TRANSFER)
		*max_transfer = (size_t)number;
	return 0;
}

/* @text is @len bytes, of which the last, and no other, is NUL. */
static int parse_capabilities(const char *text, size_t len, size_t *max_transfer)
{
	struct json_tokener *tokener;
	struct json_object *json;
	int ret = -EINVAL;

	if (strnlen(text, len) != len - 1)
		return -EINVAL;
	tokener = json_tokener_new_ex(MAX_DEPTH);
	if (!tokener)
		return -ENOMEM;
	/* Not strict: whether that allows integers above 2^64 depends on the version of json-c. */
	json = json_tokener_parse_ex(tokener, text, (int)len);
	if (json && json_tokener_get_error(tokener) == json_tokener_success &&
	    json_tokener_get_parse_end(tokener) == len - 1)
		ret = read_capabilities(json, max_transfer);
	json_object_put(json);
	json_tokener_free(tokener);
	return ret;
}

int vu_handle_version(struct vu *vu, const struct vu_request *request, struct vu_reply *reply)
{
	const char *text = (const char *)request->body + sizeof(struct vu_version_body);
	size_t len = request->len - sizeof(struct vu_version_body);
	size_t max_transfer = VU_MAX_TRANSFER;
	struct vu_version_body body;
	int ret;

	memcpy(&body, request->body, sizeof(body));
	if (body.major != MAJOR)
		return -EOPNOTSUPP;
	if (len) {
		ret = parse_capabilities(text, len, &max_transfer);
		if (ret)
			return ret;
	}
	vu->transfer.max = max_transfer;
	vu->negotiated = true;
	/* A client of any minor version supports the lowest. */
	body.minor = MINOR;
	memcpy(reply->body, &body, sizeof(body));
	len = (size_t)sprintf((char *)reply->body + sizeof(body),
			      "{\"capabilities\":{\"max_msg_fds\":%d,\"max_data_xfer_size\":%d,"
			      "\"pgsizes\":%d,\"max_dma_maps\":%d}}",
			      VU_MAX_FDS, VU_MAX_XFER, VU_PAGE_SIZE, VU_MAX_DMA_MAPS);
	reply->len = sizeof(body) + len + 1; /* with its NUL */
	return 0;
}
