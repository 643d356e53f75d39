// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices/cx/state.h"

static int table_grow(struct cx_table *table)
{
	uint32_t slots = table->slots ? table->slots * 2 : 16;
	void **slot;

	if (slots > table->limit)
		slots = table->limit;
	slot = realloc(table->slot, slots * sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	memset(slot + table->slots, 0, (slots - table->slots) * sizeof(*slot));
	table->slot = slot;
	table->slots = slots;
	return 0;
}

int cx_table_add(struct cx_table *table, void *object, uint32_t *number)
{
	for (uint32_t tries = 0; tries < table->limit; tries++) {
		uint32_t i = table->next;

		if (i == table->slots && table_grow(table))
			return -ENOMEM;
		table->next = (i + 1) % table->limit;
		if (table->slot[i])
			continue;
		table->slot[i] = object;
		*number = table->first + i;
		return 0;
	}
	return -ENOSPC;
}

void *cx_table_remove(struct cx_table *table, uint32_t number)
{
	void *object = cx_table_get(table, number);

	if (object)
		table->slot[number - table->first] = NULL;
	return object;
}

void *cx_table_pop(struct cx_table *table)
{
	while (table->slots) {
		void *object = table->slot[--table->slots];

		if (object)
			return object;
	}
	free(table->slot);
	table->slot = NULL;
	table->next = 0;
	return NULL;
}
