-- SPDX-License-Identifier: GPL-2.0-or-later
-- Wireshark and tshark show the lab's trace with it (doc/trace.md):
--   tshark -X lua_script:lab/tph.lua -r out/demo/trace.pcap
-- Only what Lua 5.2 and 5.4 both have. Every range is checked against what was captured before it
-- is taken: a packet may be cut anywhere and hold anything.

local tlp = Proto("tph", "PCIe TLP")
local directions = { [0] = "peer to peer", "upstream", "downstream" }
local ph_words = { [0] = "bidirectional", "requester", "target", "target-priority" }
local status_words = { [0] = "SC", "UR", [4] = "CA" }
-- Fmt and Type, the length of the header and what the packet is; 2.2.1.1
local types = {
	[0x00] = { name = "MRd", header = 12, request = true },
	[0x20] = { name = "MRd", header = 16, request = true },
	[0x40] = { name = "MWr", header = 12, request = true, data = true },
	[0x60] = { name = "MWr", header = 16, request = true, data = true },
	[0x0a] = { name = "Cpl", header = 12 },
	[0x4a] = { name = "CplD", header = 12, data = true },
}
local HEADER, PREFIX, PREFIX_BYTE = 20, 4, 0x90

local f = {
	from = ProtoField.string("tph.from", "Ingress port"),
	to = ProtoField.string("tph.to", "Egress port"),
	direction = ProtoField.uint8("tph.direction", "Direction", base.DEC, directions),
	dropped = ProtoField.bool("tph.hint_dropped", "Hint dropped on the way"),
	prefix = ProtoField.bytes("tph.prefix", "TPH prefix"),
	type = ProtoField.string("tph.type", "Type"),
	length_dw = ProtoField.uint16("tph.length_dw", "Length in DWs"),
	len = ProtoField.uint16("tph.len", "Bytes meant"),
	requester = ProtoField.string("tph.requester", "Requester"),
	tag = ProtoField.uint8("tph.tag", "Tag"),
	first_be = ProtoField.uint8("tph.first_be", "First byte enables", base.HEX),
	last_be = ProtoField.uint8("tph.last_be", "Last byte enables", base.HEX),
	addr = ProtoField.uint64("tph.addr", "Address", base.HEX),
	th = ProtoField.bool("tph.th", "TH, a hint is present"),
	ph = ProtoField.string("tph.ph", "Processing Hint"),
	st = ProtoField.uint16("tph.st", "Steering Tag", base.HEX),
	st_bits = ProtoField.uint8("tph.st_bits", "Width of the tag in bits"),
	no_preference = ProtoField.bool("tph.no_preference", "No preference (ST 0)"),
	completer = ProtoField.string("tph.completer", "Completer"),
	status = ProtoField.string("tph.status", "Status"),
	byte_count = ProtoField.uint16("tph.byte_count", "Byte count"),
	lower_addr = ProtoField.uint8("tph.lower_addr", "Lower address", base.HEX),
	payload = ProtoField.bytes("tph.payload", "Payload"),
	event = ProtoField.string("tph.event", "Event"),
	value = ProtoField.uint64("tph.value", "Value", base.HEX),
}
tlp.fields = f
local malformed = ProtoExpert.new("tph.malformed", "Malformed", expert.group.MALFORMED, expert.severity.ERROR)
tlp.experts = { malformed }

local function say_malformed(tree, pinfo, why)
	tree:add_proto_expert_info(malformed, why)
	pinfo.cols.info:append(" [" .. why .. "]")
end

-- Text from the file: up to its first 0, with nothing in it that a terminal would obey.
local function text_of(range)
	return (range:raw():match("^[^\0]*"):gsub("[^\32-\126]", "?"))
end

local function id_of(range)
	return string.format("%02x:%02x.%x", range:bitfield(0, 8), range:bitfield(8, 5), range:bitfield(13, 3))
end

local function count_enables(enables)
	local count = 0
	for i = 0, 3 do
		count = count + math.floor(enables / 2 ^ i) % 2
	end
	return count
end

local function request_bytes(length_dw, first, last)
	if length_dw == 1 then
		return count_enables(first)
	end
	return count_enables(first) + (length_dw - 2) * 4 + count_enables(last)
end

-- The tag is in the Tag field of a write, in the byte enables of a read (2.2.7.1.1).
local function add_hint(tree, range, is_write, ph_range, prefix)
	local low = is_write and range(6, 1) or range(7, 1)
	local st, bits, ph = low:uint(), 8, ph_words[ph_range:bitfield(6, 2)]
	if prefix then
		st, bits = prefix(1, 1):uint() * 256 + st, 16
	end
	tree:add(f.ph, ph_range, ph)
	tree:add(f.st, low, st)
	tree:add(f.st_bits, bits):set_generated()
	if st == 0 then
		tree:add(f.no_preference, true):set_generated()
		return string.format(" no preference (%d-bit) %s", bits, ph)
	end
	return string.format(" ST 0x%0" .. bits / 4 .. "x (%d-bit) %s", st, bits, ph)
end

local function add_request(tree, range, kind, length_dw, prefix)
	local is_write, th = kind.data, range(1, 1):bitfield(7, 1) == 1
	local last_be, first_be = range(7, 1):bitfield(0, 4), range(7, 1):bitfield(4, 4)
	local high, low_range = 0, range(kind.header - 4, 4)
	local low = low_range:uint()
	if kind.header == 16 then
		high = range(8, 4):uint()
	end
	local addr = UInt64.new(low - low % 4, high)
	tree:add(f.requester, range(4, 2), id_of(range(4, 2)))
	-- Where the tag of a hint stands there is no other; a read's byte enables are then implied.
	if th and is_write then
		tree:add(f.tag, range(6, 1), 0)
	else
		tree:add(f.tag, range(6, 1))
	end
	if th and not is_write then
		first_be, last_be = 15, length_dw > 1 and 15 or 0
	end
	tree:add(f.first_be, range(7, 1), first_be)
	tree:add(f.last_be, range(7, 1), last_be)
	tree:add(f.addr, range(8, kind.header - 8), addr)
	tree:add(f.th, range(1, 1), th)
	local bytes = request_bytes(length_dw, first_be, last_be)
	tree:add(f.len, bytes):set_generated()
	local info = string.format("%s %d bytes at 0x%s", kind.name, bytes, addr:tohex())
	if th then
		info = info .. add_hint(tree, range, is_write, low_range(3, 1), prefix)
	end
	return info
end

local function add_completion(tree, range, kind, length_dw)
	local status = range(6, 1):bitfield(0, 3)
	local word = status_words[status] or string.format("status %d", status)
	local count, lower = range(6, 2):bitfield(4, 12), range(11, 1):bitfield(1, 7)
	if count == 0 then
		count = 4096
	end
	tree:add(f.completer, range(4, 2), id_of(range(4, 2)))
	tree:add(f.status, range(6, 1), word)
	tree:add(f.byte_count, range(6, 2), count)
	tree:add(f.requester, range(8, 2), id_of(range(8, 2)))
	tree:add(f.tag, range(10, 1))
	tree:add(f.lower_addr, range(11, 1), lower)
	local bytes = kind.data and math.min(count, length_dw * 4 - lower % 4) or 0
	tree:add(f.len, bytes):set_generated()
	return string.format("%s %d bytes %s for %s tag %d", kind.name, bytes, word, id_of(range(8, 2)), range(10, 1):uint())
end

-- The payload may have been left out, or cut with the rest of the packet.
local function add_payload(tree, tvb, at, wanted)
	local there = math.min(tvb:captured_len() - at, wanted)
	if there > 0 then
		tree:add(f.payload, tvb(at, there))
	end
end

local function add_tlp(tree, tvb, pinfo)
	local at, captured, prefix = HEADER, tvb:captured_len(), nil
	if captured >= at + PREFIX and tvb(at, 1):uint() == PREFIX_BYTE then
		prefix = tvb(at, PREFIX)
		tree:add(f.prefix, prefix)
		at = at + PREFIX
	end
	if captured < at + 4 then
		return say_malformed(tree, pinfo, "cut before the header")
	end
	local kind = types[tvb(at, 1):uint()]
	if not kind then
		return say_malformed(tree, pinfo, string.format("Fmt and Type 0x%02x", tvb(at, 1):uint()))
	end
	tree:add(f.type, tvb(at, 1), kind.name)
	pinfo.cols.info = kind.name
	if captured < at + kind.header then
		return say_malformed(tree, pinfo, "cut in the header")
	end
	local range = tvb(at, kind.header)
	local length_dw = range(2, 2):bitfield(6, 10)
	if length_dw == 0 and kind.name ~= "Cpl" then
		length_dw = 1024
	end
	tree:add(f.length_dw, range(2, 2), length_dw)
	if kind.request then
		pinfo.cols.info = add_request(tree, range, kind, length_dw, prefix)
	else
		pinfo.cols.info = add_completion(tree, range, kind, length_dw)
		if prefix or range(1, 1):bitfield(7, 1) == 1 then
			say_malformed(tree, pinfo, "a hint in a completion")
		end
	end
	local payload = kind.data and length_dw * 4 or 0
	if tvb:reported_len() ~= at + kind.header + payload then
		say_malformed(tree, pinfo, "not as long as its header says")
	end
	add_payload(tree, tvb, at + kind.header, payload)
end

local function add_event(tree, tvb, pinfo)
	if tvb:captured_len() < HEADER + 8 then
		return say_malformed(tree, pinfo, "cut in the event's value")
	end
	local value, text = tvb(HEADER, 8):uint64(), ""
	if tvb:captured_len() > HEADER + 8 then
		text = text_of(tvb(HEADER + 8))
		tree:add(f.event, tvb(HEADER + 8), text)
	end
	tree:add(f.value, tvb(HEADER, 8))
	pinfo.cols.info = string.format("event: %s 0x%s", text, value:tohex())
end

function tlp.dissector(tvb, pinfo, root)
	pinfo.cols.protocol = "TLP"
	pinfo.cols.info = ""
	local tree = root:add(tlp, tvb())
	if tvb:captured_len() < HEADER then
		return say_malformed(tree, pinfo, "cut in the trace's own header")
	end
	local version, kind = tvb(0, 1):uint(), tvb(1, 1):uint()
	if version ~= 1 or kind > 1 then
		return say_malformed(tree, pinfo, "not a trace of this version")
	end
	local from, to = text_of(tvb(4, 8)), text_of(tvb(12, 8))
	tree:add(f.from, tvb(4, 8), from)
	pinfo.cols.src = from
	if kind == 1 then
		return add_event(tree, tvb, pinfo)
	end
	tree:add(f.to, tvb(12, 8), to)
	pinfo.cols.dst = to
	tree:add(f.direction, tvb(2, 1))
	tree:add(f.dropped, tvb(3, 1), tvb(3, 1):bitfield(7, 1) == 1)
	add_tlp(tree, tvb, pinfo)
end

DissectorTable.get("wtap_encap"):add((wtap_encaps or wtap).USER0, tlp)
