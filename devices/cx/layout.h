/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every format that the device shares with the mlx5 driver, as tables that tests/ifc/check.sh
 * compares with a kernel tree: bit fields of the command interface by the names of mlx5_ifc.h, byte
 * members by those of device.h and qp.h, and constants. No other file of this folder has an offset.
 */
#ifndef DEVICES_CX_LAYOUT_H
#define DEVICES_CX_LAYOUT_H

/* F(structure, field, bit offset, width in bits); bit 0 is the top bit of byte 0 */
#define CX_FIELDS(F)                                                                               \
	F(query_hca_cap_in, opcode, 0x0, 16)                                                       \
	F(query_hca_cap_in, op_mod, 0x30, 16)                                                      \
	F(query_hca_cap_out, status, 0x0, 8)                                                       \
	F(query_hca_cap_out, capability, 0x80, 32768)                                              \
	F(query_adapter_out, query_adapter_struct, 0x80, 2048)                                     \
	F(query_adapter_param_block, ieee_vendor_id, 0xc8, 24)                                     \
	F(query_adapter_param_block, vsd_contd_psid, 0x780, 128)                                   \
	F(set_issi_in, current_issi, 0x50, 16)                                                     \
	/* capabilities */                                                                         \
	F(cmd_hca_cap, page_request_disable, 0x6, 1)                                               \
	F(cmd_hca_cap, log_max_srq_sz, 0x80, 8)                                                    \
	F(cmd_hca_cap, log_max_qp_sz, 0x88, 8)                                                     \
	F(cmd_hca_cap, log_max_qp, 0x9b, 5)                                                        \
	F(cmd_hca_cap, log_max_srq, 0xab, 5)                                                       \
	F(cmd_hca_cap, log_max_cq_sz, 0xc8, 8)                                                     \
	F(cmd_hca_cap, log_max_cq, 0xdb, 5)                                                        \
	F(cmd_hca_cap, log_max_eq_sz, 0xe0, 8)                                                     \
	F(cmd_hca_cap, log_max_mkey, 0xea, 6)                                                      \
	F(cmd_hca_cap, log_max_eq, 0xfc, 4)                                                        \
	F(cmd_hca_cap, umr_extended_translation_offset, 0x118, 1)                                  \
	F(cmd_hca_cap, log_max_klm_list_size, 0x11a, 6)                                            \
	F(cmd_hca_cap, log_max_ra_req_qp, 0x14a, 6)                                                \
	F(cmd_hca_cap, log_max_ra_res_qp, 0x15a, 6)                                                \
	F(cmd_hca_cap, rts2rts_qp_counters_set_id, 0x169, 1)                                       \
	F(cmd_hca_cap, vport_counters, 0x181, 1)                                                   \
	F(cmd_hca_cap, max_qp_cnt, 0x186, 10)                                                      \
	F(cmd_hca_cap, ib_virt, 0x1a2, 1)                                                          \
	F(cmd_hca_cap, local_ca_ack_delay, 0x1ab, 5)                                               \
	F(cmd_hca_cap, port_type, 0x1b6, 2)                                                        \
	F(cmd_hca_cap, num_ports, 0x1b8, 8)                                                        \
	F(cmd_hca_cap, log_max_msg, 0x1c3, 5)                                                      \
	F(cmd_hca_cap, cqe_version, 0x1fc, 4)                                                      \
	F(cmd_hca_cap, umr_fence, 0x20a, 2)                                                        \
	F(cmd_hca_cap, atomic, 0x21e, 1)                                                           \
	F(cmd_hca_cap, cq_resize, 0x221, 1)                                                        \
	F(cmd_hca_cap, pg, 0x227, 1)                                                               \
	F(cmd_hca_cap, block_lb_mc, 0x228, 1)                                                      \
	F(cmd_hca_cap, imaicl, 0x231, 1)                                                           \
	F(cmd_hca_cap, xrc, 0x23c, 1)                                                              \
	F(cmd_hca_cap, ud, 0x23d, 1)                                                               \
	F(cmd_hca_cap, uc, 0x23e, 1)                                                               \
	F(cmd_hca_cap, rc, 0x23f, 1)                                                               \
	F(cmd_hca_cap, log_pg_sz, 0x258, 8)                                                        \
	F(cmd_hca_cap, log_bf_reg_size, 0x26b, 5)                                                  \
	F(cmd_hca_cap, max_wqe_sz_sq, 0x290, 16)                                                   \
	F(cmd_hca_cap, mkey_pcie_tph, 0x2a7, 1)                                                    \
	F(cmd_hca_cap, max_wqe_sz_rq, 0x2b0, 16)                                                   \
	F(cmd_hca_cap, log_max_pd, 0x32b, 5)                                                       \
	F(cmd_hca_cap, log_max_xrcd, 0x33b, 5)                                                     \
	F(cmd_hca_cap, qp_latency_sensitive_disable, 0x3b2, 1)                                     \
	F(cmd_hca_cap, max_num_eqs, 0x470, 16)                                                     \
	F(cmd_hca_cap, device_frequency_khz, 0x4e0, 32)                                            \
	F(cmd_hca_cap, cqe_128_always, 0x5bd, 1)                                                   \
	F(atomic_caps, atomic_req_8B_endianness_mode, 0x40, 2)                                     \
	F(atomic_caps, supported_atomic_req_8B_endianness_mode_1, 0x46, 1)                         \
	F(atomic_caps, atomic_operations, 0x90, 16)                                                \
	F(atomic_caps, atomic_size_qp, 0xb0, 16)                                                   \
	/* the port */                                                                             \
	F(access_register_in, op_mod, 0x30, 16)                                                    \
	F(access_register_in, register_id, 0x50, 16)                                               \
	F(ptys_reg, local_port, 0x8, 8)                                                            \
	F(ptys_reg, proto_mask, 0x1d, 3)                                                           \
	F(ptys_reg, ib_link_width_capability, 0x80, 16)                                            \
	F(ptys_reg, ib_proto_capability, 0x90, 16)                                                 \
	F(ptys_reg, ib_link_width_admin, 0xe0, 16)                                                 \
	F(ptys_reg, ib_proto_admin, 0xf0, 16)                                                      \
	F(ptys_reg, ib_link_width_oper, 0x140, 16)                                                 \
	F(ptys_reg, ib_proto_oper, 0x150, 16)                                                      \
	F(pmtu_reg, local_port, 0x8, 8)                                                            \
	F(pmtu_reg, max_mtu, 0x20, 16)                                                             \
	F(pmtu_reg, admin_mtu, 0x40, 16)                                                           \
	F(pmtu_reg, oper_mtu, 0x60, 16)                                                            \
	F(pvlc_reg, local_port, 0x8, 8)                                                            \
	F(pvlc_reg, vl_hw_cap, 0x3c, 4)                                                            \
	F(pvlc_reg, vl_admin, 0x5c, 4)                                                             \
	F(pvlc_reg, vl_operational, 0x7c, 4)                                                       \
	F(ppcnt_reg, local_port, 0x8, 8)                                                           \
	F(ppcnt_reg, grp, 0x1a, 6)                                                                 \
	F(query_hca_vport_context_out, hca_vport_context, 0x80, 4096)                              \
	F(modify_hca_vport_context_in, hca_vport_context, 0x80, 4096)                              \
	F(hca_vport_context, port_physical_state, 0x110, 4)                                        \
	F(hca_vport_context, port_state, 0x118, 4)                                                 \
	F(hca_vport_context, vport_state, 0x11c, 4)                                                \
	F(hca_vport_context, system_image_guid, 0x140, 64)                                         \
	F(hca_vport_context, port_guid, 0x180, 64)                                                 \
	F(hca_vport_context, node_guid, 0x1c0, 64)                                                 \
	F(hca_vport_context, cap_mask1, 0x200, 32)                                                 \
	F(hca_vport_context, cap_mask1_field_select, 0x220, 32)                                    \
	F(hca_vport_context, lid, 0x300, 16)                                                       \
	F(hca_vport_context, subnet_timeout, 0x31b, 5)                                             \
	F(hca_vport_context, sm_lid, 0x320, 16)                                                    \
	F(query_hca_vport_gid_in, gid_index, 0x70, 16)                                             \
	F(query_hca_vport_gid_out, gids_num, 0x60, 16)                                             \
	F(query_hca_vport_pkey_in, pkey_index, 0x70, 16)                                           \
	F(pkey, pkey, 0x10, 16)                                                                    \
	F(query_vport_counter_in, clear, 0xc0, 1)                                                  \
	F(query_vport_counter_out, received_ib_unicast, 0x180, 128)                                \
	F(query_vport_counter_out, transmitted_ib_unicast, 0x200, 128)                             \
	F(traffic_counter, packets, 0x0, 64)                                                       \
	F(traffic_counter, octets, 0x40, 64)                                                       \
	/* simple objects */                                                                       \
	F(alloc_pd_out, pd, 0x48, 24)                                                              \
	F(dealloc_pd_in, pd, 0x48, 24)                                                             \
	F(alloc_uar_out, uar, 0x48, 24)                                                            \
	F(dealloc_uar_in, uar, 0x48, 24)                                                           \
	F(alloc_xrcd_out, xrcd, 0x48, 24)                                                          \
	F(dealloc_xrcd_in, xrcd, 0x48, 24)                                                         \
	F(create_srq_in, srq_context_entry, 0x80, 512)                                             \
	F(create_srq_out, srqn, 0x48, 24)                                                          \
	F(destroy_srq_in, srqn, 0x48, 24)                                                          \
	F(query_srq_in, srqn, 0x48, 24)                                                            \
	F(query_srq_out, srq_context_entry, 0x80, 512)                                             \
	F(arm_rq_in, op_mod, 0x30, 16)                                                             \
	F(arm_rq_in, srq_number, 0x48, 24)                                                         \
	F(arm_rq_in, lwm, 0x70, 16)                                                                \
	F(srqc, state, 0x0, 4)                                                                     \
	F(srqc, log_srq_size, 0x4, 4)                                                              \
	F(srqc, wq_signature, 0x20, 1)                                                             \
	F(srqc, log_rq_stride, 0x25, 3)                                                            \
	F(srqc, xrcd, 0x28, 24)                                                                    \
	F(srqc, cqn, 0x48, 24)                                                                     \
	F(srqc, page_offset, 0x40, 6)                                                              \
	F(srqc, log_page_size, 0x82, 6)                                                            \
	F(srqc, pd, 0xc8, 24)                                                                      \
	F(srqc, lwm, 0xe0, 16)                                                                     \
	F(srqc, wqe_cnt, 0xf0, 16)                                                                 \
	F(srqc, dbr_addr, 0x140, 64)                                                               \
	/* event and completion queues */                                                          \
	F(create_eq_in, eq_context_entry, 0x80, 512)                                               \
	F(create_eq_in, event_bitmask, 0x2c0, 256)                                                 \
	F(create_eq_out, eq_number, 0x58, 8)                                                       \
	F(destroy_eq_in, eq_number, 0x58, 8)                                                       \
	F(query_eq_in, eq_number, 0x58, 8)                                                         \
	F(query_eq_out, eq_context_entry, 0x80, 512)                                               \
	F(eqc, status, 0x0, 4)                                                                     \
	F(eqc, oi, 0xe, 1)                                                                         \
	F(eqc, page_offset, 0x54, 6)                                                               \
	F(eqc, log_eq_size, 0x63, 5)                                                               \
	F(eqc, uar_page, 0x68, 24)                                                                 \
	F(eqc, intr, 0xb4, 12)                                                                     \
	F(eqc, log_page_size, 0xc3, 5)                                                             \
	F(eqc, consumer_counter, 0x148, 24)                                                        \
	F(eqc, producer_counter, 0x168, 24)                                                        \
	F(create_cq_in, cq_context, 0x80, 512)                                                     \
	F(create_cq_out, cqn, 0x48, 24)                                                            \
	F(destroy_cq_in, cqn, 0x48, 24)                                                            \
	F(query_cq_in, cqn, 0x48, 24)                                                              \
	F(query_cq_out, cq_context, 0x80, 512)                                                     \
	F(modify_cq_in, op_mod, 0x30, 16)                                                          \
	F(modify_cq_in, cqn, 0x48, 24)                                                             \
	F(modify_cq_in, cq_context, 0x80, 512)                                                     \
	F(cqc, status, 0x0, 4)                                                                     \
	F(cqc, cqe_sz, 0x8, 3)                                                                     \
	F(cqc, oi, 0xe, 1)                                                                         \
	F(cqc, cqe_comp_en, 0x11, 1)                                                               \
	F(cqc, page_offset, 0x54, 6)                                                               \
	F(cqc, log_cq_size, 0x63, 5)                                                               \
	F(cqc, uar_page, 0x68, 24)                                                                 \
	F(cqc, c_eqn_or_apu_element, 0xa0, 32)                                                     \
	F(cqc, log_page_size, 0xc3, 5)                                                             \
	F(cqc, consumer_counter, 0x148, 24)                                                        \
	F(cqc, producer_counter, 0x168, 24)                                                        \
	F(cqc, dbr_addr, 0x1c0, 64)                                                                \
	/* memory keys */                                                                          \
	F(create_mkey_in, memory_key_mkey_entry, 0x80, 512)                                        \
	F(create_mkey_in, translations_octword_actual_size, 0x300, 32)                             \
	F(create_mkey_out, mkey_index, 0x48, 24)                                                   \
	F(query_mkey_in, mkey_index, 0x48, 24)                                                     \
	F(page_fault_resume_in, page_fault_info, 0x40, 64)                                         \
	F(trans_page_fault_info, error, 0x0, 1)                                                    \
	F(trans_page_fault_info, fault_token, 0x28, 24)                                            \
	F(query_mkey_out, memory_key_mkey_entry, 0x80, 512)                                        \
	F(destroy_mkey_in, mkey_index, 0x48, 24)                                                   \
	F(mkc, free, 0x1, 1)                                                                       \
	F(mkc, access_mode_4_2, 0x3, 3)                                                            \
	F(mkc, relaxed_ordering_write, 0xd, 1)                                                     \
	F(mkc, small_fence_on_rdma_read_response, 0xf, 1)                                          \
	F(mkc, umr_en, 0x10, 1)                                                                    \
	F(mkc, a, 0x11, 1)                                                                         \
	F(mkc, rw, 0x12, 1)                                                                        \
	F(mkc, rr, 0x13, 1)                                                                        \
	F(mkc, lw, 0x14, 1)                                                                        \
	F(mkc, lr, 0x15, 1)                                                                        \
	F(mkc, access_mode_1_0, 0x16, 2)                                                           \
	F(mkc, qpn, 0x20, 24)                                                                      \
	F(mkc, mkey_7_0, 0x38, 8)                                                                  \
	F(mkc, length64, 0x60, 1)                                                                  \
	F(mkc, bsf_en, 0x61, 1)                                                                    \
	F(mkc, en_rinval, 0x67, 1)                                                                 \
	F(mkc, pd, 0x68, 24)                                                                       \
	F(mkc, start_addr, 0x80, 64)                                                               \
	F(mkc, len, 0xc0, 64)                                                                      \
	F(mkc, translations_octword_size, 0x1a0, 32)                                               \
	F(mkc, relaxed_ordering_read, 0x1d9, 1)                                                    \
	F(mkc, log_page_size, 0x1da, 6)                                                            \
	F(mkc, pcie_tph_en, 0x1e5, 1)                                                              \
	F(mkc, pcie_tph_ph, 0x1e6, 2)                                                              \
	F(mkc, pcie_tph_steering_tag_index, 0x1e8, 8)                                              \
	/* counters */                                                                             \
	F(alloc_q_counter_out, counter_set_id, 0x58, 8)                                            \
	F(dealloc_q_counter_in, counter_set_id, 0x58, 8)                                           \
	F(query_q_counter_in, clear, 0xc0, 1)                                                      \
	F(query_q_counter_in, counter_set_id, 0xf8, 8)                                             \
	F(query_q_counter_out, rx_write_requests, 0x80, 32)                                        \
	F(query_q_counter_out, rx_read_requests, 0xc0, 32)                                         \
	F(query_q_counter_out, rx_atomic_requests, 0x100, 32)                                      \
	F(query_q_counter_out, out_of_buffer, 0x180, 32)                                           \
	/* queue pairs */                                                                          \
	F(create_qp_in, qpc, 0xc0, 1856)                                                           \
	F(create_qp_out, qpn, 0x48, 24)                                                            \
	F(destroy_qp_in, qpn, 0x48, 24)                                                            \
	F(query_qp_in, qpn, 0x48, 24)                                                              \
	F(query_qp_out, qpc, 0xc0, 1856)                                                           \
	/* number and context are at the same place in all state changes: one handler serves all   \
	 */                                                                                        \
	F(qp_2err_in, qpn, 0x48, 24)                                                               \
	F(qp_2rst_in, qpn, 0x48, 24)                                                               \
	F(rst2init_qp_in, qpn, 0x48, 24)                                                           \
	F(rst2init_qp_in, opt_param_mask, 0x80, 32)                                                \
	F(rst2init_qp_in, qpc, 0xc0, 1856)                                                         \
	F(init2init_qp_in, qpc, 0xc0, 1856)                                                        \
	F(init2rtr_qp_in, qpc, 0xc0, 1856)                                                         \
	F(rtr2rts_qp_in, qpc, 0xc0, 1856)                                                          \
	F(rts2rts_qp_in, qpc, 0xc0, 1856)                                                          \
	F(sqerr2rts_qp_in, qpc, 0xc0, 1856)                                                        \
	F(sqd2rts_qp_in, qpc, 0xc0, 1856)                                                          \
	F(qpc, state, 0x0, 4)                                                                      \
	F(qpc, st, 0x8, 8)                                                                         \
	F(qpc, pm_state, 0x13, 2)                                                                  \
	F(qpc, wq_signature, 0x20, 1)                                                              \
	F(qpc, pd, 0x28, 24)                                                                       \
	F(qpc, mtu, 0x40, 3)                                                                       \
	F(qpc, log_msg_max, 0x43, 5)                                                               \
	F(qpc, log_rq_size, 0x49, 4)                                                               \
	F(qpc, log_rq_stride, 0x4d, 3)                                                             \
	F(qpc, no_sq, 0x50, 1)                                                                     \
	F(qpc, log_sq_size, 0x51, 4)                                                               \
	F(qpc, rlky, 0x5b, 1)                                                                      \
	F(qpc, counter_set_id, 0x60, 8)                                                            \
	F(qpc, uar_page, 0x68, 24)                                                                 \
	F(qpc, user_index, 0x88, 24)                                                               \
	F(qpc, log_page_size, 0xa3, 5)                                                             \
	F(qpc, remote_qpn, 0xa8, 24)                                                               \
	F(qpc, primary_address_path, 0xc0, 352)                                                    \
	F(qpc, log_ack_req_freq, 0x380, 4)                                                         \
	F(qpc, log_sra_max, 0x388, 3)                                                              \
	F(qpc, retry_count, 0x38d, 3)                                                              \
	F(qpc, rnr_retry, 0x390, 3)                                                                \
	F(qpc, next_send_psn, 0x3c8, 24)                                                           \
	F(qpc, cqn_snd, 0x3e8, 24)                                                                 \
	F(qpc, log_rra_max, 0x488, 3)                                                              \
	F(qpc, atomic_mode, 0x48c, 4)                                                              \
	F(qpc, rre, 0x490, 1)                                                                      \
	F(qpc, rwe, 0x491, 1)                                                                      \
	F(qpc, rae, 0x492, 1)                                                                      \
	F(qpc, page_offset, 0x494, 6)                                                              \
	F(qpc, min_rnr_nak, 0x4a3, 5)                                                              \
	F(qpc, next_rcv_psn, 0x4a8, 24)                                                            \
	F(qpc, xrcd, 0x4c8, 24)                                                                    \
	F(qpc, cqn_rcv, 0x4e8, 24)                                                                 \
	F(qpc, dbr_addr, 0x500, 64)                                                                \
	F(qpc, q_key, 0x540, 32)                                                                   \
	F(qpc, rq_type, 0x565, 3)                                                                  \
	F(qpc, srqn_rmpn_xrqn, 0x568, 24)                                                          \
	F(qpc, hw_sq_wqebb_counter, 0x5a0, 16)                                                     \
	F(qpc, sw_sq_wqebb_counter, 0x5b0, 16)                                                     \
	F(qpc, hw_rq_counter, 0x5c0, 32)                                                           \
	F(qpc, sw_rq_counter, 0x5e0, 32)                                                           \
	F(qpc, cs_req, 0x630, 8)                                                                   \
	F(qpc, cs_res, 0x638, 8)                                                                   \
	F(ads, pkey_index, 0x10, 16)                                                               \
	F(ads, grh, 0x28, 1)                                                                       \
	F(ads, mlid, 0x29, 7)                                                                      \
	F(ads, rlid, 0x30, 16)                                                                     \
	F(ads, ack_timeout, 0x40, 5)                                                               \
	F(ads, src_addr_index, 0x48, 8)                                                            \
	F(ads, stat_rate, 0x54, 4)                                                                 \
	F(ads, hop_limit, 0x58, 8)                                                                 \
	F(ads, tclass, 0x64, 8)                                                                    \
	F(ads, flow_label, 0x6c, 20)                                                               \
	F(ads, rgid_rip, 0x80, 128)                                                                \
	F(ads, sl, 0x124, 4)                                                                       \
	F(ads, vhca_port_num, 0x128, 8)

/* T(structure, array at its end, bit offset) */
#define CX_TAILS(T)                                                                                \
	T(access_register_in, register_data, 0x80)                                                 \
	T(access_register_out, register_data, 0x80)                                                \
	T(query_hca_vport_gid_out, gid, 0x80)                                                      \
	T(query_hca_vport_pkey_out, pkey, 0x80)                                                    \
	T(create_eq_in, pas, 0x880)                                                                \
	T(create_srq_in, pas, 0x880)                                                               \
	T(create_cq_in, pas, 0x880)                                                                \
	T(modify_cq_in, pas, 0x880)                                                                \
	T(create_qp_in, pas, 0x880)                                                                \
	T(create_mkey_in, klm_pas_mtt, 0x880)

/* S(structure, size in bytes, the array at its end not counted) */
#define CX_SIZES(S)                                                                                \
	S(query_hca_cap_in, 0x10)                                                                  \
	S(query_hca_cap_out, 0x1010)                                                               \
	S(set_hca_cap_in, 0x1010)                                                                  \
	S(query_issi_out, 0x70)                                                                    \
	S(query_adapter_out, 0x110)                                                                \
	S(access_register_in, 0x10)                                                                \
	S(query_hca_vport_context_out, 0x210)                                                      \
	S(modify_hca_vport_context_in, 0x210)                                                      \
	S(query_vport_counter_in, 0x20)                                                            \
	S(query_vport_counter_out, 0x210)                                                          \
	S(query_q_counter_in, 0x20)                                                                \
	S(query_q_counter_out, 0x100)                                                              \
	S(pkey, 0x4)                                                                               \
	S(create_srq_in, 0x110)                                                                    \
	S(query_srq_out, 0x110)                                                                    \
	S(srqc, 0x40)                                                                              \
	S(create_eq_in, 0x110)                                                                     \
	S(query_eq_out, 0x110)                                                                     \
	S(eqc, 0x40)                                                                               \
	S(create_cq_in, 0x110)                                                                     \
	S(modify_cq_in, 0x110)                                                                     \
	S(query_cq_out, 0x110)                                                                     \
	S(cqc, 0x40)                                                                               \
	S(create_mkey_in, 0x110)                                                                   \
	S(query_mkey_out, 0x130)                                                                   \
	S(mkc, 0x40)                                                                               \
	S(create_qp_in, 0x110)                                                                     \
	S(rst2init_qp_in, 0x110)                                                                   \
	S(query_qp_out, 0x1d0)                                                                     \
	S(qpc, 0xe8)

/* B(name here, kernel structure, member, byte offset, size in bytes) */
#define CX_BYTES(B)                                                                                \
	B(INIT_FW_REV, mlx5_init_seg, fw_rev, 0x0, 4)                                              \
	B(INIT_CMDIF_REV, mlx5_init_seg, cmdif_rev_fw_sub, 0x4, 4)                                 \
	B(INIT_CMDQ_ADDR_H, mlx5_init_seg, cmdq_addr_h, 0x10, 4)                                   \
	B(INIT_CMDQ_ADDR_L, mlx5_init_seg, cmdq_addr_l_sz, 0x14, 4)                                \
	B(INIT_CMD_DBELL, mlx5_init_seg, cmd_dbell, 0x18, 4)                                       \
	B(INIT_TIMER_H, mlx5_init_seg, internal_timer_h, 0x1000, 4)                                \
	B(INIT_TIMER_L, mlx5_init_seg, internal_timer_l, 0x1004, 4)                                \
	B(INIT_HEALTH_FW_VER, mlx5_init_seg, health.fw_ver, 0x230, 4)                              \
	B(INIT_HEALTH_COUNTER, mlx5_init_seg, health_counter, 0x1010, 4)                           \
	B(CMD_TYPE, mlx5_cmd_layout, type, 0x0, 1)                                                 \
	B(CMD_INLEN, mlx5_cmd_layout, inlen, 0x4, 4)                                               \
	B(CMD_IN_PTR, mlx5_cmd_layout, in_ptr, 0x8, 8)                                             \
	B(CMD_IN, mlx5_cmd_layout, in, 0x10, 16)                                                   \
	B(CMD_OUT, mlx5_cmd_layout, out, 0x20, 16)                                                 \
	B(CMD_OUT_PTR, mlx5_cmd_layout, out_ptr, 0x30, 8)                                          \
	B(CMD_OUTLEN, mlx5_cmd_layout, outlen, 0x38, 4)                                            \
	B(CMD_TOKEN, mlx5_cmd_layout, token, 0x3c, 1)                                              \
	B(CMD_STATUS_OWN, mlx5_cmd_layout, status_own, 0x3f, 1)                                    \
	B(BLOCK_DATA, mlx5_cmd_prot_block, data, 0x0, 512)                                         \
	B(BLOCK_NEXT, mlx5_cmd_prot_block, next, 0x230, 8)                                         \
	B(EQE_TYPE, mlx5_eqe, type, 0x1, 1)                                                        \
	B(EQE_SUB_TYPE, mlx5_eqe, sub_type, 0x3, 1)                                                \
	B(EQE_CMD_VECTOR, mlx5_eqe, data.cmd.vector, 0x20, 4)                                      \
	B(EQE_COMP_CQN, mlx5_eqe, data.comp.cqn, 0x38, 4)                                          \
	B(EQE_QP_TYPE, mlx5_eqe, data.qp_srq.type, 0x34, 1)                                        \
	B(EQE_QP_NUMBER, mlx5_eqe, data.qp_srq.qp_srq_n, 0x38, 4)                                  \
	B(EQE_CQ_ERR_CQN, mlx5_eqe, data.cq_err.cqn, 0x20, 4)                                      \
	B(EQE_CQ_ERR_SYNDROME, mlx5_eqe, data.cq_err.syndrome, 0x2b, 1)                            \
	B(EQE_PORT, mlx5_eqe, data.port.port, 0x28, 1)                                             \
	B(EQE_FAULT_R_KEY, mlx5_eqe, data.page_fault.rdma.r_key, 0x24, 4)                          \
	B(EQE_FAULT_PACKET, mlx5_eqe, data.page_fault.rdma.packet_length, 0x2a, 2)                 \
	B(EQE_FAULT_OP_LEN, mlx5_eqe, data.page_fault.rdma.rdma_op_len, 0x2c, 4)                   \
	B(EQE_FAULT_VA, mlx5_eqe, data.page_fault.rdma.rdma_va, 0x30, 8)                           \
	B(EQE_FAULT_TYPE_TOKEN, mlx5_eqe, data.page_fault.rdma.pftype_token, 0x38, 4)              \
	B(EQE_OWNER, mlx5_eqe, owner, 0x3f, 1)                                                     \
	B(CQE_ML_PATH, mlx5_cqe64, ml_path, 0x11, 1)                                               \
	B(CQE_SLID, mlx5_cqe64, slid, 0x16, 2)                                                     \
	B(CQE_FLAGS_RQPN, mlx5_cqe64, flags_rqpn, 0x18, 4)                                         \
	B(CQE_SRQN, mlx5_cqe64, srqn, 0x20, 4)                                                     \
	B(CQE_IMMEDIATE, mlx5_cqe64, immediate, 0x24, 4)                                           \
	B(CQE_BYTE_CNT, mlx5_cqe64, byte_cnt, 0x2c, 4)                                             \
	B(CQE_TIMESTAMP, mlx5_cqe64, timestamp_h, 0x30, 4)                                         \
	B(CQE_SOP_DROP_QPN, mlx5_cqe64, sop_drop_qpn, 0x38, 4)                                     \
	B(CQE_WQE_COUNTER, mlx5_cqe64, wqe_counter, 0x3c, 2)                                       \
	B(CQE_OP_OWN, mlx5_cqe64, op_own, 0x3f, 1)                                                 \
	B(CQE_ERR_SYNDROME, mlx5_err_cqe, syndrome, 0x37, 1)                                       \
	B(CQE_ERR_OPCODE_QPN, mlx5_err_cqe, s_wqe_opcode_qpn, 0x38, 4)                             \
	B(CTRL_OPMOD_IDX_OPCODE, mlx5_wqe_ctrl_seg, opmod_idx_opcode, 0x0, 4)                      \
	B(CTRL_QPN_DS, mlx5_wqe_ctrl_seg, qpn_ds, 0x4, 4)                                          \
	B(CTRL_FM_CE_SE, mlx5_wqe_ctrl_seg, fm_ce_se, 0xb, 1)                                      \
	B(CTRL_UMR_MKEY, mlx5_wqe_ctrl_seg, umr_mkey, 0xc, 4)                                      \
	B(CTRL_IMM, mlx5_wqe_ctrl_seg, imm, 0xc, 4)                                                \
	B(RADDR_VA, mlx5_wqe_raddr_seg, raddr, 0x0, 8)                                             \
	B(RADDR_RKEY, mlx5_wqe_raddr_seg, rkey, 0x8, 4)                                            \
	B(XRC_SRQN, mlx5_wqe_xrc_seg, xrc_srqn, 0x0, 4)                                            \
	B(KLM_BYTES, mlx5_klm, bcount, 0x0, 4)                                                     \
	B(KLM_KEY, mlx5_klm, key, 0x4, 4)                                                          \
	B(KLM_VA, mlx5_klm, va, 0x8, 8)                                                            \
	B(DATA_BYTE_COUNT, mlx5_wqe_data_seg, byte_count, 0x0, 4)                                  \
	B(DATA_LKEY, mlx5_wqe_data_seg, lkey, 0x4, 4)                                              \
	B(DATA_ADDR, mlx5_wqe_data_seg, addr, 0x8, 8)                                              \
	B(AV_Q_KEY, mlx5_av, key.qkey.qkey, 0x0, 4)                                                \
	B(AV_QPN, mlx5_av, dqp_dct, 0x8, 4)                                                        \
	B(AV_RATE_SL, mlx5_av, stat_rate_sl, 0xc, 1)                                               \
	B(AV_LID, mlx5_av, rlid, 0xe, 2)                                                           \
	B(AV_TCLASS, mlx5_av, tclass, 0x1a, 1)                                                     \
	B(AV_HOP_LIMIT, mlx5_av, hop_limit, 0x1b, 1)                                               \
	B(AV_GRH_GID_FL, mlx5_av, grh_gid_fl, 0x1c, 4)                                             \
	B(AV_GID, mlx5_av, rgid, 0x20, 16)                                                         \
	B(ATOMIC_SWAP_ADD, mlx5_wqe_atomic_seg, swap_add, 0x0, 8)                                  \
	B(ATOMIC_COMPARE, mlx5_wqe_atomic_seg, compare, 0x8, 8)                                    \
	B(SRQ_NEXT, mlx5_wqe_srq_next_seg, next_wqe_index, 0x2, 2)                                 \
	B(UMR_FLAGS, mlx5_wqe_umr_ctrl_seg, flags, 0x0, 1)                                         \
	B(UMR_XLT_OCTOWORDS, mlx5_wqe_umr_ctrl_seg, xlt_octowords, 0x4, 2)                         \
	B(UMR_XLT_OFFSET, mlx5_wqe_umr_ctrl_seg, xlt_offset, 0x6, 2)                               \
	B(UMR_MKEY_MASK, mlx5_wqe_umr_ctrl_seg, mkey_mask, 0x8, 8)                                 \
	B(UMR_XLT_OFFSET_47_16, mlx5_wqe_umr_ctrl_seg, xlt_offset_47_16, 0x10, 4)

/* Z(name here, kernel structure, size in bytes) */
#define CX_BYTE_SIZES(Z)                                                                           \
	Z(CMD_BYTES, mlx5_cmd_layout, 0x40)                                                        \
	Z(BLOCK_BYTES, mlx5_cmd_prot_block, 0x240)                                                 \
	Z(EQE_BYTES, mlx5_eqe, 0x40)                                                               \
	Z(CQE_BYTES, mlx5_cqe64, 0x40)                                                             \
	Z(CTRL_BYTES, mlx5_wqe_ctrl_seg, 0x10)                                                     \
	Z(RADDR_BYTES, mlx5_wqe_raddr_seg, 0x10)                                                   \
	Z(XRC_BYTES, mlx5_wqe_xrc_seg, 0x10)                                                       \
	Z(DATA_BYTES, mlx5_wqe_data_seg, 0x10)                                                     \
	Z(AV_BYTES, mlx5_av, 0x30)                                                                 \
	Z(ATOMIC_BYTES, mlx5_wqe_atomic_seg, 0x10)                                                 \
	Z(SRQ_NEXT_BYTES, mlx5_wqe_srq_next_seg, 0x10)                                             \
	Z(UMR_CTRL_BYTES, mlx5_wqe_umr_ctrl_seg, 0x30)

/* C(name here, kernel constant, value) */
#define CX_OPCODES(C)                                                                              \
	C(OP_QUERY_HCA_CAP, MLX5_CMD_OP_QUERY_HCA_CAP, 0x100)                                      \
	C(OP_QUERY_ADAPTER, MLX5_CMD_OP_QUERY_ADAPTER, 0x101)                                      \
	C(OP_INIT_HCA, MLX5_CMD_OP_INIT_HCA, 0x102)                                                \
	C(OP_TEARDOWN_HCA, MLX5_CMD_OP_TEARDOWN_HCA, 0x103)                                        \
	C(OP_ENABLE_HCA, MLX5_CMD_OP_ENABLE_HCA, 0x104)                                            \
	C(OP_DISABLE_HCA, MLX5_CMD_OP_DISABLE_HCA, 0x105)                                          \
	C(OP_QUERY_PAGES, MLX5_CMD_OP_QUERY_PAGES, 0x107)                                          \
	C(OP_SET_HCA_CAP, MLX5_CMD_OP_SET_HCA_CAP, 0x109)                                          \
	C(OP_QUERY_ISSI, MLX5_CMD_OP_QUERY_ISSI, 0x10a)                                            \
	C(OP_SET_ISSI, MLX5_CMD_OP_SET_ISSI, 0x10b)                                                \
	C(OP_CREATE_MKEY, MLX5_CMD_OP_CREATE_MKEY, 0x200)                                          \
	C(OP_QUERY_MKEY, MLX5_CMD_OP_QUERY_MKEY, 0x201)                                            \
	C(OP_DESTROY_MKEY, MLX5_CMD_OP_DESTROY_MKEY, 0x202)                                        \
	C(OP_PAGE_FAULT_RESUME, MLX5_CMD_OP_PAGE_FAULT_RESUME, 0x204)                              \
	C(OP_CREATE_EQ, MLX5_CMD_OP_CREATE_EQ, 0x301)                                              \
	C(OP_DESTROY_EQ, MLX5_CMD_OP_DESTROY_EQ, 0x302)                                            \
	C(OP_QUERY_EQ, MLX5_CMD_OP_QUERY_EQ, 0x303)                                                \
	C(OP_CREATE_CQ, MLX5_CMD_OP_CREATE_CQ, 0x400)                                              \
	C(OP_DESTROY_CQ, MLX5_CMD_OP_DESTROY_CQ, 0x401)                                            \
	C(OP_QUERY_CQ, MLX5_CMD_OP_QUERY_CQ, 0x402)                                                \
	C(OP_MODIFY_CQ, MLX5_CMD_OP_MODIFY_CQ, 0x403)                                              \
	C(OP_CREATE_QP, MLX5_CMD_OP_CREATE_QP, 0x500)                                              \
	C(OP_DESTROY_QP, MLX5_CMD_OP_DESTROY_QP, 0x501)                                            \
	C(OP_RST2INIT_QP, MLX5_CMD_OP_RST2INIT_QP, 0x502)                                          \
	C(OP_INIT2RTR_QP, MLX5_CMD_OP_INIT2RTR_QP, 0x503)                                          \
	C(OP_RTR2RTS_QP, MLX5_CMD_OP_RTR2RTS_QP, 0x504)                                            \
	C(OP_RTS2RTS_QP, MLX5_CMD_OP_RTS2RTS_QP, 0x505)                                            \
	C(OP_SQERR2RTS_QP, MLX5_CMD_OP_SQERR2RTS_QP, 0x506)                                        \
	C(OP_2ERR_QP, MLX5_CMD_OP_2ERR_QP, 0x507)                                                  \
	C(OP_2RST_QP, MLX5_CMD_OP_2RST_QP, 0x50a)                                                  \
	C(OP_QUERY_QP, MLX5_CMD_OP_QUERY_QP, 0x50b)                                                \
	C(OP_SQD_RTS_QP, MLX5_CMD_OP_SQD_RTS_QP, 0x50c)                                            \
	C(OP_INIT2INIT_QP, MLX5_CMD_OP_INIT2INIT_QP, 0x50e)                                        \
	C(OP_CREATE_SRQ, MLX5_CMD_OP_CREATE_SRQ, 0x700)                                            \
	C(OP_DESTROY_SRQ, MLX5_CMD_OP_DESTROY_SRQ, 0x701)                                          \
	C(OP_QUERY_SRQ, MLX5_CMD_OP_QUERY_SRQ, 0x702)                                              \
	C(OP_ARM_RQ, MLX5_CMD_OP_ARM_RQ, 0x703)                                                    \
	C(OP_QUERY_HCA_VPORT_CONTEXT, MLX5_CMD_OP_QUERY_HCA_VPORT_CONTEXT, 0x762)                  \
	C(OP_MODIFY_HCA_VPORT_CONTEXT, MLX5_CMD_OP_MODIFY_HCA_VPORT_CONTEXT, 0x763)                \
	C(OP_QUERY_HCA_VPORT_GID, MLX5_CMD_OP_QUERY_HCA_VPORT_GID, 0x764)                          \
	C(OP_QUERY_HCA_VPORT_PKEY, MLX5_CMD_OP_QUERY_HCA_VPORT_PKEY, 0x765)                        \
	C(OP_QUERY_VPORT_COUNTER, MLX5_CMD_OP_QUERY_VPORT_COUNTER, 0x770)                          \
	C(OP_ALLOC_Q_COUNTER, MLX5_CMD_OP_ALLOC_Q_COUNTER, 0x771)                                  \
	C(OP_DEALLOC_Q_COUNTER, MLX5_CMD_OP_DEALLOC_Q_COUNTER, 0x772)                              \
	C(OP_QUERY_Q_COUNTER, MLX5_CMD_OP_QUERY_Q_COUNTER, 0x773)                                  \
	C(OP_ALLOC_PD, MLX5_CMD_OP_ALLOC_PD, 0x800)                                                \
	C(OP_DEALLOC_PD, MLX5_CMD_OP_DEALLOC_PD, 0x801)                                            \
	C(OP_ALLOC_UAR, MLX5_CMD_OP_ALLOC_UAR, 0x802)                                              \
	C(OP_DEALLOC_UAR, MLX5_CMD_OP_DEALLOC_UAR, 0x803)                                          \
	C(OP_ACCESS_REG, MLX5_CMD_OP_ACCESS_REG, 0x805)                                            \
	C(OP_NOP, MLX5_CMD_OP_NOP, 0x80d)                                                          \
	C(OP_ALLOC_XRCD, MLX5_CMD_OP_ALLOC_XRCD, 0x80e)                                            \
	C(OP_DEALLOC_XRCD, MLX5_CMD_OP_DEALLOC_XRCD, 0x80f)

#define CX_CONSTANTS(C)                                                                            \
	C(STAT_OK, MLX5_CMD_STAT_OK, 0x0)                                                          \
	C(STAT_BAD_OP, MLX5_CMD_STAT_BAD_OP_ERR, 0x2)                                              \
	C(STAT_BAD_PARAM, MLX5_CMD_STAT_BAD_PARAM_ERR, 0x3)                                        \
	C(STAT_BAD_RES, MLX5_CMD_STAT_BAD_RES_ERR, 0x5)                                            \
	C(STAT_LIM, MLX5_CMD_STAT_LIM_ERR, 0x8)                                                    \
	C(STAT_BAD_RES_STATE, MLX5_CMD_STAT_BAD_RES_STATE_ERR, 0x9)                                \
	C(STAT_BAD_INP_LEN, MLX5_CMD_STAT_BAD_INP_LEN_ERR, 0x50)                                   \
	C(STAT_BAD_QP_STATE, MLX5_CMD_STAT_BAD_QP_STATE_ERR, 0x10)                                 \
	C(REG_PMTU, MLX5_REG_PMTU, 0x5003)                                                         \
	C(REG_PTYS, MLX5_REG_PTYS, 0x5004)                                                         \
	C(REG_PPCNT, MLX5_REG_PPCNT, 0x5008)                                                       \
	C(REG_PVLC, MLX5_REG_PVLC, 0x500f)                                                         \
	C(REG_NODE_DESC, MLX5_REG_NODE_DESC, 0x6001)                                               \
	C(REG_HOST_ENDIANNESS, MLX5_REG_HOST_ENDIANNESS, 0x7004)                                   \
	C(PPCNT_IB_PORT, MLX5_INFINIBAND_PORT_COUNTERS_GROUP, 0x20)                                \
	C(EVENT_COMP, MLX5_EVENT_TYPE_COMP, 0x0)                                                   \
	C(EVENT_CQ_ERROR, MLX5_EVENT_TYPE_CQ_ERROR, 0x4)                                           \
	C(EVENT_PORT_CHANGE, MLX5_EVENT_TYPE_PORT_CHANGE, 0x9)                                     \
	C(EVENT_CMD, MLX5_EVENT_TYPE_CMD, 0xa)                                                     \
	C(EVENT_PAGE_FAULT, MLX5_EVENT_TYPE_PAGE_FAULT, 0xc)                                       \
	C(EVENT_WQ_ACCESS_ERROR, MLX5_EVENT_TYPE_WQ_ACCESS_ERROR, 0x11)                            \
	C(EVENT_SRQ_LAST_WQE, MLX5_EVENT_TYPE_SRQ_LAST_WQE, 0x13)                                  \
	C(EVENT_SRQ_LIMIT, MLX5_EVENT_TYPE_SRQ_RQ_LIMIT, 0x14)                                     \
	C(PORT_CHANGE_DOWN, MLX5_PORT_CHANGE_SUBTYPE_DOWN, 1)                                      \
	C(PORT_CHANGE_ACTIVE, MLX5_PORT_CHANGE_SUBTYPE_ACTIVE, 4)                                  \
	C(FAULT_SUBTYPE_RDMA, MLX5_PFAULT_SUBTYPE_RDMA, 1)                                         \
	C(FAULT_WRITE, MLX5_PAGE_FAULT_RESUME_WRITE, 1 << 1)                                       \
	C(FAULT_RDMA, MLX5_PAGE_FAULT_RESUME_RDMA, 1 << 2)                                         \
	C(EVENT_QUEUE_QP, MLX5_EVENT_QUEUE_TYPE_QP, 0)                                             \
	C(MODE_PA, MLX5_MKC_ACCESS_MODE_PA, 0)                                                     \
	C(MODE_MTT, MLX5_MKC_ACCESS_MODE_MTT, 1)                                                   \
	C(MODE_KLM, MLX5_MKC_ACCESS_MODE_KLMS, 2)                                                  \
	C(ST_RC, MLX5_QP_ST_RC, 0x0)                                                               \
	C(ST_UC, MLX5_QP_ST_UC, 0x1)                                                               \
	C(ST_UD, MLX5_QP_ST_UD, 0x2)                                                               \
	C(ST_XRC, MLX5_QP_ST_XRC, 0x3)                                                             \
	C(ST_QP0, MLX5_QP_ST_QP0, 0x7)                                                             \
	C(ST_QP1, MLX5_QP_ST_QP1, 0x8)                                                             \
	C(ST_REG_UMR, MLX5_QP_ST_REG_UMR, 0xc)                                                     \
	C(QP_RST, MLX5_QP_STATE_RST, 0)                                                            \
	C(QP_INIT, MLX5_QP_STATE_INIT, 1)                                                          \
	C(QP_RTR, MLX5_QP_STATE_RTR, 2)                                                            \
	C(QP_RTS, MLX5_QP_STATE_RTS, 3)                                                            \
	C(QP_SQER, MLX5_QP_STATE_SQER, 4)                                                          \
	C(QP_SQD, MLX5_QP_STATE_SQD, 5)                                                            \
	C(QP_ERR, MLX5_QP_STATE_ERR, 6)                                                            \
	C(OPT_RRE, MLX5_QP_OPTPAR_RRE, 1 << 1)                                                     \
	C(OPT_RAE, MLX5_QP_OPTPAR_RAE, 1 << 2)                                                     \
	C(OPT_RWE, MLX5_QP_OPTPAR_RWE, 1 << 3)                                                     \
	C(OPT_PKEY_INDEX, MLX5_QP_OPTPAR_PKEY_INDEX, 1 << 4)                                       \
	C(OPT_Q_KEY, MLX5_QP_OPTPAR_Q_KEY, 1 << 5)                                                 \
	C(OPT_RNR_TIMEOUT, MLX5_QP_OPTPAR_RNR_TIMEOUT, 1 << 6)                                     \
	C(OPT_PM_STATE, MLX5_QP_OPTPAR_PM_STATE, 1 << 10)                                          \
	C(OPT_PRI_PORT, MLX5_QP_OPTPAR_PRI_PORT, 1 << 16)                                          \
	C(OPT_COUNTER_SET, MLX5_QP_OPTPAR_COUNTER_SET_ID, 1 << 25)                                 \
	C(RQ_NON_ZERO, MLX5_NON_ZERO_RQ, 0)                                                        \
	C(RQ_SRQ, MLX5_SRQ_RQ, 1)                                                                  \
	C(ARM_SRQ, MLX5_ARM_RQ_IN_OP_MOD_SRQ, 0x1)                                                 \
	C(CQ_RESIZE, MLX5_CQ_OPMOD_RESIZE, 1)                                                      \
	C(CAP_GENERAL, MLX5_CAP_GENERAL, 0)                                                        \
	C(CAP_ATOMIC, MLX5_CAP_ATOMIC, 3)                                                          \
	C(ATOMIC_CS, MLX5_ATOMIC_OPS_CMP_SWAP, 1 << 0)                                             \
	C(ATOMIC_FA, MLX5_ATOMIC_OPS_FETCH_ADD, 1 << 1)                                            \
	C(DBR_RCV, MLX5_RCV_DBR, 0)                                                                \
	C(DBR_SND, MLX5_SND_DBR, 1)                                                                \
	C(WQE_BB_BYTES, MLX5_SEND_WQE_BB, 64)                                                      \
	C(WQE_DS_BYTES, MLX5_SEND_WQE_DS, 16)                                                      \
	C(WQE_DS_MASK, MLX5_WQE_CTRL_DS_MASK, 0x3f)                                                \
	C(WQE_INLINE, MLX5_INLINE_SEG, 0x80000000u)                                                \
	C(WQE_INLINE_MASK, MLX5_WQE_INLINE_SEG_BYTE_COUNT_MASK, 0x3ff)                             \
	C(WQE_CQ_UPDATE, MLX5_WQE_CTRL_CQ_UPDATE, 2 << 2)                                          \
	C(WQE_SOLICITED, MLX5_WQE_CTRL_SOLICITED, 1 << 1)                                          \
	C(WR_NOP, MLX5_OPCODE_NOP, 0x00)                                                           \
	C(WR_SEND_INVAL, MLX5_OPCODE_SEND_INVAL, 0x01)                                             \
	C(WR_RDMA_WRITE, MLX5_OPCODE_RDMA_WRITE, 0x08)                                             \
	C(WR_RDMA_WRITE_IMM, MLX5_OPCODE_RDMA_WRITE_IMM, 0x09)                                     \
	C(WR_SEND, MLX5_OPCODE_SEND, 0x0a)                                                         \
	C(WR_SEND_IMM, MLX5_OPCODE_SEND_IMM, 0x0b)                                                 \
	C(WR_RDMA_READ, MLX5_OPCODE_RDMA_READ, 0x10)                                               \
	C(WR_ATOMIC_CS, MLX5_OPCODE_ATOMIC_CS, 0x11)                                               \
	C(WR_ATOMIC_FA, MLX5_OPCODE_ATOMIC_FA, 0x12)                                               \
	C(WR_UMR, MLX5_OPCODE_UMR, 0x25)                                                           \
	C(CQE_REQ, MLX5_CQE_REQ, 0)                                                                \
	C(CQE_RESP_WR_IMM, MLX5_CQE_RESP_WR_IMM, 1)                                                \
	C(CQE_RESP_SEND, MLX5_CQE_RESP_SEND, 2)                                                    \
	C(CQE_RESP_SEND_IMM, MLX5_CQE_RESP_SEND_IMM, 3)                                            \
	C(CQE_RESP_SEND_INV, MLX5_CQE_RESP_SEND_INV, 4)                                            \
	C(CQE_RESIZE, MLX5_CQE_RESIZE_CQ, 5)                                                       \
	C(CQE_REQ_ERR, MLX5_CQE_REQ_ERR, 13)                                                       \
	C(CQE_RESP_ERR, MLX5_CQE_RESP_ERR, 14)                                                     \
	C(CQE_STRIDE_64, CQE_STRIDE_64, 0)                                                         \
	C(CQE_STRIDE_128, CQE_STRIDE_128, 1)                                                       \
	C(CQE_STRIDE_128_PAD, CQE_STRIDE_128_PAD, 2)                                               \
	C(SYND_LOCAL_LENGTH, MLX5_CQE_SYNDROME_LOCAL_LENGTH_ERR, 0x01)                             \
	C(SYND_LOCAL_QP_OP, MLX5_CQE_SYNDROME_LOCAL_QP_OP_ERR, 0x02)                               \
	C(SYND_LOCAL_PROT, MLX5_CQE_SYNDROME_LOCAL_PROT_ERR, 0x04)                                 \
	C(SYND_FLUSH, MLX5_CQE_SYNDROME_WR_FLUSH_ERR, 0x05)                                        \
	C(SYND_MW_BIND, MLX5_CQE_SYNDROME_MW_BIND_ERR, 0x06)                                       \
	C(SYND_REMOTE_INVALID, MLX5_CQE_SYNDROME_REMOTE_INVAL_REQ_ERR, 0x12)                       \
	C(SYND_REMOTE_ACCESS, MLX5_CQE_SYNDROME_REMOTE_ACCESS_ERR, 0x13)                           \
	C(SYND_REMOTE_OP, MLX5_CQE_SYNDROME_REMOTE_OP_ERR, 0x14)                                   \
	C(SYND_RETRY_EXC, MLX5_CQE_SYNDROME_TRANSPORT_RETRY_EXC_ERR, 0x15)                         \
	C(SYND_RNR_RETRY_EXC, MLX5_CQE_SYNDROME_RNR_RETRY_EXC_ERR, 0x16)                           \
	C(CQ_DB_SOLICITED, MLX5_CQ_DB_REQ_NOT_SOL, 1 << 24)                                        \
	C(UMR_OFFSET_EN, MLX5_UMR_TRANSLATION_OFFSET_EN, 1 << 4)                                   \
	C(UMR_CHECK_NOT_FREE, MLX5_UMR_CHECK_NOT_FREE, 1 << 5)                                     \
	C(UMR_CHECK_FREE, MLX5_UMR_CHECK_FREE, 2 << 5)                                             \
	C(UMR_INLINE, MLX5_UMR_INLINE, 1 << 7)                                                     \
	C(END_LKEY, be32_to_cpu(MLX5_TERMINATE_SCATTER_LIST_LKEY), 0x100)                          \
	C(AV_EXTENDED, MLX5_EXTENDED_UD_AV, 0x80000000u)                                           \
	C(DB_SQ, MLX5_BF_OFFSET, 0x800)                                                            \
	C(DB_EQ_ARM, MLX5_EQ_DOORBELL_OFFSET, 0x40)                                                \
	C(DB_CQ_ARM, MLX5_CQ_DOORBELL, 0x20)

/* M(name here, kernel constant, value): 64-bit masks of a UMR */
#define CX_MASKS(M)                                                                                \
	M(MASK_LEN, MLX5_MKEY_MASK_LEN, 0)                                                         \
	M(MASK_PAGE_SIZE, MLX5_MKEY_MASK_PAGE_SIZE, 1)                                             \
	M(MASK_START_ADDR, MLX5_MKEY_MASK_START_ADDR, 6)                                           \
	M(MASK_PD, MLX5_MKEY_MASK_PD, 7)                                                           \
	M(MASK_EN_RINVAL, MLX5_MKEY_MASK_EN_RINVAL, 8)                                             \
	M(MASK_KEY, MLX5_MKEY_MASK_KEY, 13)                                                        \
	M(MASK_QPN, MLX5_MKEY_MASK_QPN, 14)                                                        \
	M(MASK_LR, MLX5_MKEY_MASK_LR, 17)                                                          \
	M(MASK_LW, MLX5_MKEY_MASK_LW, 18)                                                          \
	M(MASK_RR, MLX5_MKEY_MASK_RR, 19)                                                          \
	M(MASK_RW, MLX5_MKEY_MASK_RW, 20)                                                          \
	M(MASK_A, MLX5_MKEY_MASK_A, 21)                                                            \
	M(MASK_SMALL_FENCE, MLX5_MKEY_MASK_SMALL_FENCE, 23)                                        \
	M(MASK_RO_WRITE, MLX5_MKEY_MASK_RELAXED_ORDERING_WRITE, 25)                                \
	M(MASK_FREE, MLX5_MKEY_MASK_FREE, 29)                                                      \
	M(MASK_PAGE_SIZE_5, MLX5_MKEY_MASK_PAGE_SIZE_5, 42)                                        \
	M(MASK_RO_READ, MLX5_MKEY_MASK_RELAXED_ORDERING_READ, 47)

/* CX_mkc_pd and so on: bit offset and width in one number, for cx_bits_get() */
enum cx_field {
#define CX_F(s, f, offset, width) CX_##s##_##f = (offset) << 16 | (width),
	CX_FIELDS(CX_F)
#undef CX_F
};

/* CX_AT_create_qp_in_pas and so on: bytes */
enum {
#define CX_T(s, f, offset) CX_AT_##s##_##f = (offset) / 8,
	CX_TAILS(CX_T)
#undef CX_T
};

/* CX_SZ_qpc and so on: bytes */
enum {
#define CX_S(s, bytes) CX_SZ_##s = (bytes),
	CX_SIZES(CX_S)
#undef CX_S
};

enum {
#define CX_B(name, s, member, offset, size) CX_##name = (offset),
#define CX_Z(name, s, size)		    CX_##name = (size),
#define CX_C(name, constant, value)	    CX_##name = (value),
#define CX_M(name, constant, bit)	    CX_##name = (bit),
	CX_BYTES(CX_B) CX_BYTE_SIZES(CX_Z) CX_OPCODES(CX_C) CX_CONSTANTS(CX_C) CX_MASKS(CX_M)
#undef CX_B
#undef CX_Z
#undef CX_C
#undef CX_M
};

/* All commands and all replies begin alike, as mbox_in and mbox_out in the driver's cmd.c. */
#define CX_mbox_in_opcode  CX_query_hca_cap_in_opcode
#define CX_mbox_in_op_mod  CX_query_hca_cap_in_op_mod
#define CX_mbox_out_status CX_query_hca_cap_out_status

#endif
