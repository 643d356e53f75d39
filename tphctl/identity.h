/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of a function: of pci.ids, its driver and its devices. */
#ifndef TPHCTL_IDENTITY_H
#define TPHCTL_IDENTITY_H

#include "tph/tph.h"

struct json_object;

#define IDENTITY_CHARS 128

struct identity {
	char vendor[IDENTITY_CHARS], device[IDENTITY_CHARS]; /* of pci.ids; "": not in it */
	char driver[TPH_DRIVER_CHARS];			     /* "": none, or a dump */
	struct tph_names *names;			     /* NULL: none could be read */
};

void identity_read(struct tph_ctx *ctx, const struct tph_function *f, struct identity *id);
void identity_free(struct identity *id);

/* "NVIDIA Corporation GH100 [H100 SXM5 80GB]", "" */
const char *identity_text(const struct identity *id, char text[2 * IDENTITY_CHARS]);
/* "mlx5_0 ens1f0np0", "" */
const char *identity_names(const struct identity *id, char text[IDENTITY_CHARS]);

void identity_to_json(struct json_object *object, const struct identity *id);

#endif
