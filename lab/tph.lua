-- SPDX-License-Identifier: GPL-2.0-or-later
-- Wireshark and tshark show the lab's trace with it (doc/trace.md):
--   tshark -X lua_script:lab/tph.lua -r out/demo/trace.pcap
-- Only what Lua 5.2 and 5.4 both have. Every range is checked against the captured length before it
-- is used: a packet may be cut anywhere and hold any bytes.

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
-- Likewise in flit mode: Type alone
local flit_types = {
	[0x03] = types[0x00],
	[0x20] = types[0x20],
	[0x40] = types[0x40],
	[0x60] = types[0x60],
	[0x0a] = types[0x0a],
	[0x4a] = types[0x4a],
}
local HEADER, PREFIX, PREFIX_BYTE = 20, 4, 0x90

local f = {
	from = ProtoField.string("tph.from", "Ingress port"),
	to = ProtoField.string("tph.to", "Egress port"),
	direction = ProtoField.uint8("tph.direction", "Direction", base.DEC, directions),
	dropped = ProtoField.bool("tph.hint_dropped", "Hint dropped on the route"),
	flit = ProtoField.bool("tph.flit", "In flit mode"),
	prefix = ProtoField.bytes("tph.prefix", "TPH prefix"),
	type = ProtoField.string("tph.type", "Type"),
	length_dw = ProtoField.uint16("tph.length_dw", "Length in DWs"),
	len = ProtoField.uint16("tph.len", "Bytes enabled or returned"),
	requester = ProtoField.string("tph.requester", "Requester"),
	tag = ProtoField.uint16("tph.tag", "Tag"),
	first_be = ProtoField.uint8("tph.first_be", "First byte enables", base.HEX),
	last_be = ProtoField.uint8("tph.last_be", "Last byte enables", base.HEX),
	addr = ProtoField.uint64("tph.addr", "Address", base.HEX),
	ohc_a = ProtoField.bytes("tph.ohc_a", "OHC-A"),
	ohc_b = ProtoField.bytes("tph.ohc_b", "OHC-B"),
	hv = ProtoField.uint8("tph.hv", "HV, which of PH and ST are valid"),
	th = ProtoField.bool("tph.th", "A hint is present"),
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

-- Text from the file: up to its first 0, without control characters.
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

-- The fields are found by functions of each form and shown by these. @hint is nil,
-- or { st, bits, ph } with the ranges of ST and PH.
local function add_hint(tree, hint)
	local ph = ph_words[hint.ph]
	tree:add(f.ph, hint.ph_range, ph)
	tree:add(f.st, hint.st_range, hint.st)
	tree:add(f.st_bits, hint.bits):set_generated()
	if hint.st == 0 then
		tree:add(f.no_preference, true):set_generated()
		return string.format(" no preference (%d-bit) %s", hint.bits, ph)
	end
	return string.format(" ST 0x%0" .. hint.bits / 4 .. "x (%d-bit) %s", hint.st, hint.bits, ph)
end

local function add_request(tree, range, kind, length_dw, r)
	local high, low = 0, range(kind.header - 4, 4):uint()
	if kind.header == 16 then
		high = range(8, 4):uint()
	end
	local addr = UInt64.new(low - low % 4, high)
	tree:add(f.requester, range(4, 2), id_of(range(4, 2)))
	tree:add(f.tag, r.tag_range, r.tag)
	tree:add(f.first_be, r.be_range, r.first_be)
	tree:add(f.last_be, r.be_range, r.last_be)
	tree:add(f.addr, range(8, kind.header - 8), addr)
	tree:add(f.th, range(1, 1), r.hint ~= nil)
	local bytes = request_bytes(length_dw, r.first_be, r.last_be)
	tree:add(f.len, bytes):set_generated()
	local info = string.format("%s %d bytes at 0x%s", kind.name, bytes, addr:tohex())
	if r.hint then
		info = info .. add_hint(tree, r.hint)
	end
	return info
end

-- A steering tag is in the Tag field of a write, in the byte enables of a read (2.2.7.1.1): so a
-- write with a hint has no request tag, and a read's byte enables are implied.
local function add_plain_request(tree, range, kind, length_dw, prefix)
	local r = { tag_range = range(6, 1), tag = range(6, 1):uint(), be_range = range(7, 1) }
	r.last_be, r.first_be = r.be_range:bitfield(0, 4), r.be_range:bitfield(4, 4)
	if range(1, 1):bitfield(7, 1) == 1 then
		local low, ph_range = kind.data and range(6, 1) or range(7, 1), range(kind.header - 1, 1)
		r.hint = { st = low:uint(), bits = 8, ph = ph_range:bitfield(6, 2), st_range = low, ph_range = ph_range }
		if prefix then
			r.hint.st, r.hint.bits = prefix(1, 1):uint() * 256 + r.hint.st, 16
		end
		if kind.data then
			r.tag = 0
		else
			r.first_be, r.last_be = 15, length_dw > 1 and 15 or 0
		end
	end
	return add_request(tree, range, kind, length_dw, r)
end

-- Byte enables are in OHC-A1, the hint in OHC-B; either is absent where it would be the default.
local function add_flit_request(tree, range, kind, length_dw, ohc_a, ohc_b)
	local r = { tag_range = range(6, 2), tag = range(6, 2):bitfield(2, 14), be_range = ohc_a or range(0, 4) }
	r.first_be, r.last_be = 15, length_dw > 1 and 15 or 0
	if ohc_a then
		r.last_be, r.first_be = ohc_a:bitfield(24, 4), ohc_a:bitfield(28, 4)
	end
	local hv = ohc_b and ohc_b:bitfield(26, 2) or 0
	if ohc_b then
		tree:add(f.hv, ohc_b(3, 1), hv)
	end
	if hv == 1 or hv == 3 then
		local st_range = hv == 3 and ohc_b(1, 2) or ohc_b(2, 1)
		r.hint = { st = st_range:uint(), bits = hv == 3 and 16 or 8, ph = ohc_b:bitfield(24, 2), st_range = st_range, ph_range = ohc_b(3, 1) }
	end
	return add_request(tree, range, kind, length_dw, r)
end

local function add_completion(tree, range, kind, length_dw, c)
	local word = status_words[c.status] or string.format("status %d", c.status)
	local count = c.count == 0 and 4096 or c.count
	tree:add(f.completer, range(4, 2), id_of(range(4, 2)))
	tree:add(f.status, c.status_range, word)
	tree:add(f.byte_count, c.count_range, count)
	tree:add(f.requester, range(8, 2), id_of(range(8, 2)))
	tree:add(f.tag, c.tag_range, c.tag)
	tree:add(f.lower_addr, c.lower_range, c.lower)
	local bytes = kind.data and math.min(count, length_dw * 4 - c.lower % 4) or 0
	tree:add(f.len, bytes):set_generated()
	return string.format("%s %d bytes %s for %s tag %d", kind.name, bytes, word, id_of(range(8, 2)), c.tag)
end

local function add_plain_completion(tree, range, kind, length_dw)
	return add_completion(tree, range, kind, length_dw, {
		status_range = range(6, 1),
		status = range(6, 1):bitfield(0, 3),
		count_range = range(6, 2),
		count = range(6, 2):bitfield(4, 12),
		tag_range = range(10, 1),
		tag = range(10, 1):uint(),
		lower_range = range(11, 1),
		lower = range(11, 1):bitfield(1, 7),
	})
end

-- Lower Address is in three places; the status is in OHC-A5, where it is not success.
local function add_flit_completion(tree, range, kind, length_dw, ohc_a)
	local lower = range(6, 1):bitfield(1, 1) * 64 + range(10, 1):bitfield(0, 4) * 4
	return add_completion(tree, range, kind, length_dw, {
		status_range = ohc_a or range(0, 4),
		status = ohc_a and ohc_a:bitfield(29, 3) or 0,
		count_range = range(10, 2),
		count = range(10, 2):bitfield(4, 12),
		tag_range = range(6, 2),
		tag = range(6, 2):bitfield(2, 14),
		lower_range = range(10, 1),
		lower = lower + (ohc_a and ohc_a:bitfield(27, 2) or 0),
	})
end

-- The payload may have been left out, or cut with the rest of the packet.
local function add_payload(tree, tvb, at, wanted)
	local there = math.min(tvb:captured_len() - at, wanted)
	if there > 0 then
		tree:add(f.payload, tvb(at, there))
	end
end

-- The header at @at: nil if it is not there, else its range, kind and Length.
local function add_header(tree, tvb, pinfo, at, known)
	local captured = tvb:captured_len()
	if captured < at + 4 then
		return say_malformed(tree, pinfo, "cut before the header")
	end
	local kind = known[tvb(at, 1):uint()]
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
	return range, kind, length_dw
end

local function add_end(tree, tvb, pinfo, at, kind, length_dw)
	local payload = kind.data and length_dw * 4 or 0
	if tvb:reported_len() ~= at + payload then
		say_malformed(tree, pinfo, "not as long as its header says")
	end
	add_payload(tree, tvb, at, payload)
end

local function add_tlp(tree, tvb, pinfo)
	local at, prefix = HEADER, nil
	if tvb:captured_len() >= at + PREFIX and tvb(at, 1):uint() == PREFIX_BYTE then
		prefix = tvb(at, PREFIX)
		tree:add(f.prefix, prefix)
		at = at + PREFIX
	end
	local range, kind, length_dw = add_header(tree, tvb, pinfo, at, types)
	if not range then
		return
	end
	if kind.request then
		pinfo.cols.info = add_plain_request(tree, range, kind, length_dw, prefix)
	else
		pinfo.cols.info = add_plain_completion(tree, range, kind, length_dw)
		if prefix or range(1, 1):bitfield(7, 1) == 1 then
			say_malformed(tree, pinfo, "a hint in a completion")
		end
	end
	add_end(tree, tvb, pinfo, at + kind.header, kind, length_dw)
end

-- The form of flit mode: OHC (Orthogonal Header Content) is behind the header, A before B.
local function add_flit_tlp(tree, tvb, pinfo)
	local range, kind, length_dw = add_header(tree, tvb, pinfo, HEADER, flit_types)
	if not range then
		return
	end
	local at, ohc = HEADER + kind.header, {}
	if range(1, 1):bitfield(3, 3) ~= 0 or range(2, 1):bitfield(0, 3) ~= 0 then
		return say_malformed(tree, pinfo, "OHC-C, OHC-E or a trailer, which the lab does not send")
	end
	for i, field in ipairs({ f.ohc_a, f.ohc_b }) do
		if range(1, 1):bitfield(8 - i, 1) == 1 then
			if tvb:captured_len() < at + 4 then
				return say_malformed(tree, pinfo, "cut in its OHC")
			end
			ohc[i] = tvb(at, 4)
			tree:add(field, ohc[i])
			at = at + 4
		end
	end
	if kind.request then
		pinfo.cols.info = add_flit_request(tree, range, kind, length_dw, ohc[1], ohc[2])
	else
		pinfo.cols.info = add_flit_completion(tree, range, kind, length_dw, ohc[1])
		if ohc[2] then
			say_malformed(tree, pinfo, "a hint in a completion")
		end
	end
	add_end(tree, tvb, pinfo, at, kind, length_dw)
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
	local flit = tvb(3, 1):bitfield(6, 1) == 1
	tree:add(f.flit, tvb(3, 1), flit)
	if flit then
		add_flit_tlp(tree, tvb, pinfo)
	else
		add_tlp(tree, tvb, pinfo)
	end
end

DissectorTable.get("wtap_encap"):add((wtap_encaps or wtap).USER0, tlp)
