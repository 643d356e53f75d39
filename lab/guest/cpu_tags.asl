/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware that reports tags of CPUs: the _DSM of a host bridge, function 15 of the PCI Firmware
 * Specification ("Query Cache Locality TPH Features"). The CPU with UID n has the 8-bit tag
 * 0x40 + n and the 16-bit tag 0x4100 + n for volatile memory; the Processing Hint is not ignored.
 */
DefinitionBlock ("", "SSDT", 2, "DMATPH", "CPUTAGS", 1)
{
	External (\_SB.PCI0, DeviceObj)

	Scope (\_SB.PCI0)
	{
		Method (_DSM, 4, Serialized)
		{
			If (Arg0 != ToUUID ("e5c937d0-3553-4d7a-9117-ea4d19c3434d") || Arg1 < 7)
			{
				Return (Buffer () {0})
			}
			/* The supported functions: 0 and 15 */
			If (Arg2 == 0)
			{
				Return (Buffer () {0x01, 0x80})
			}
			If (Arg2 == 15)
			{
				/* Arg3: feature 0, the UID, properties */
				Local0 = DerefOf (Arg3 [1])
				/* bits 0 and 1: both tags are valid */
				Local1 = Buffer (8) {0x03}
				Local1 [1] = 0x40 + Local0
				Local1 [2] = Local0
				Local1 [3] = 0x41
				Return (Local1)
			}
			Return (Buffer () {0})
		}
	}
}
