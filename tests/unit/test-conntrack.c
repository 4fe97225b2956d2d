/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "ovs-ext/conntrack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ct-dpif.h>
#include <openvswitch/dynamic-string.h>
#include <random.h>
#include <util.h>

#include "tests/unit/zw-test.h"

/* As OVS 3.1.0 prints them: userspace datapath first, then the kernel's with counters. */
static const char tcp_line[] =
    "tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=34239,dport=80),reply=(src=10.1.1.2,dst=10.1.1.1,sport=80,dport=34239),"
    "zone=5,mark=1,labels=0x401200000000000000000000000000ff,protoinfo=(state=TIME_WAIT)";
static const char udp6_line[] = "udp,orig=(src=2001:db8::1,dst=2001:db8::2,sport=5353,dport=53),"
                                "reply=(src=2001:db8::2,dst=2001:db8::1,sport=53,dport=5353),labels=0x10";
static const char icmp_line[] = "icmp,orig=(src=10.1.1.1,dst=10.1.1.2,id=44673,type=8,code=0),"
                                "reply=(src=10.1.1.2,dst=10.1.1.1,id=44673,type=0,code=0),zone=65535";
static const char icmp6_line[] =
    "icmpv6,orig=(src=fe80::1,dst=fe80::2,id=7,type=128,code=0),reply=(src=fe80::2,dst=fe80::1,id=7,type=129,code=0)";
static const char sctp_line[] = "sctp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=54969,dport=12345),"
                                "reply=(src=10.1.1.2,dst=10.1.1.1,sport=12345,dport=54969),zone=1,"
                                "protoinfo=(state=ESTABLISHED,vtag_orig=11,vtag_reply=22)";
static const char gre_line[] =
    "47,orig=(src=10.1.1.1,dst=10.1.1.2,sport=0,dport=0),reply=(src=10.1.1.2,dst=10.1.1.1,sport=0,dport=0)";
static const char counters_line[] =
    "tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=34239,dport=80,packets=10,bytes=1234),"
    "reply=(src=10.1.1.2,dst=10.1.1.1,sport=80,dport=34239,packets=8,bytes=18446744073709551615),"
    "start=2026-01-02T03:04:05.678,zone=5,timeout=431999,protoinfo=(state=ESTABLISHED)";
static const char verbose_line[] =
    "tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=34239,dport=21),reply=(src=10.1.1.2,dst=10.1.1.1,sport=21,dport=34239),"
    "id=3214,zone=5,status=SEEN_REPLY|ASSURED|CONFIRMED,timeout=5,"
    "protoinfo=(state_orig=ESTABLISHED,state_reply=ESTABLISHED,wscale_orig=7,wscale_reply=7,"
    "flags_orig=WINDOW_SCALE|SACK_PERM,flags_reply=WINDOW_SCALE|SACK_PERM),helper=ftp,"
    "parent=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=2)";

static const char *const lines[] = {tcp_line,  udp6_line, icmp_line,     icmp6_line,
                                    sctp_line, gre_line,  counters_line, verbose_line};

static bool is_addr(const struct zw_addr *addr, const char *text)
{
    struct zw_addr expected;

    return zw_addr_parse(text, &expected) && zw_addr_equal(addr, &expected);
}

static void test_tcp(void)
{
    static const uint8_t label[16] = {0x40, 0x12, [15] = 0xff};
    struct zw_ct_entry e;

    CU_ASSERT_EQUAL(zw_ct_parse(tcp_line, &e), 0);
    CU_ASSERT_EQUAL(e.key.proto, IPPROTO_TCP);
    CU_ASSERT_TRUE(is_addr(&e.key.src, "10.1.1.1"));
    CU_ASSERT_TRUE(is_addr(&e.key.dst, "10.1.1.2"));
    CU_ASSERT_EQUAL(e.key.sport, 34239);
    CU_ASSERT_EQUAL(e.key.dport, 80);
    CU_ASSERT_EQUAL(e.ct_zone, 5);
    CU_ASSERT_EQUAL(memcmp(e.label, label, 16), 0);
    CU_ASSERT_STRING_EQUAL(e.state, "TIME_WAIT");
    CU_ASSERT_FALSE(e.has_bytes);
}

static void test_other_protocols(void)
{
    static const uint8_t label[16] = {[15] = 0x10};
    struct zw_ct_entry e;

    CU_ASSERT_EQUAL(zw_ct_parse(udp6_line, &e), 0);
    CU_ASSERT_EQUAL(e.key.proto, IPPROTO_UDP);
    CU_ASSERT_TRUE(is_addr(&e.key.src, "2001:db8::1"));
    CU_ASSERT_EQUAL(memcmp(e.label, label, 16), 0);
    CU_ASSERT_EQUAL(e.ct_zone, 0);
    CU_ASSERT_STRING_EQUAL(e.state, "");

    CU_ASSERT_EQUAL(zw_ct_parse(icmp_line, &e), 0);
    CU_ASSERT_EQUAL(e.key.proto, IPPROTO_ICMP);
    CU_ASSERT_EQUAL(e.key.sport, 8);
    CU_ASSERT_EQUAL(e.key.dport, 0);
    CU_ASSERT_EQUAL(e.icmp_id, 44673);
    CU_ASSERT_EQUAL(e.ct_zone, 65535);

    CU_ASSERT_EQUAL(zw_ct_parse(icmp6_line, &e), 0);
    CU_ASSERT_EQUAL(e.key.proto, IPPROTO_ICMPV6);
    CU_ASSERT_EQUAL(e.key.sport, 128);

    CU_ASSERT_EQUAL(zw_ct_parse(sctp_line, &e), 0);
    CU_ASSERT_EQUAL(e.key.proto, IPPROTO_SCTP);
    CU_ASSERT_STRING_EQUAL(e.state, "ESTABLISHED");

    CU_ASSERT_EQUAL(zw_ct_parse(gre_line, &e), 0);
    CU_ASSERT_EQUAL(e.key.proto, 47);
}

static void test_counters_and_details(void)
{
    struct zw_ct_entry e;

    CU_ASSERT_EQUAL(zw_ct_parse(counters_line, &e), 0);
    CU_ASSERT_TRUE(e.has_bytes);
    CU_ASSERT_EQUAL(e.orig_bytes, 1234);
    CU_ASSERT_EQUAL(e.reply_bytes, UINT64_MAX);
    CU_ASSERT_STRING_EQUAL(e.state, "ESTABLISHED");

    CU_ASSERT_EQUAL(zw_ct_parse(verbose_line, &e), 0);
    CU_ASSERT_EQUAL(e.key.dport, 21);
    CU_ASSERT_EQUAL(e.ct_zone, 5);
    CU_ASSERT_STRING_EQUAL(e.state, "");
}

/* Callers walk a dump without copying its lines. */
static void test_line_ends_at_newline(void)
{
    char dump[1024];
    struct zw_ct_entry e;

    snprintf(dump, sizeof dump, "%s\n%s\n", icmp6_line, tcp_line);
    CU_ASSERT_EQUAL(zw_ct_parse(dump, &e), 0);
    CU_ASSERT_EQUAL(e.ct_zone, 0);
    CU_ASSERT_EQUAL(zw_ct_parse("tcp,orig=(src=10.1.1.1,dst=10.1.1.2\n,sport=1,dport=2)", &e), EINVAL);
}

static void test_rejects(void)
{
#define REPLY ",reply=(src=10.1.1.2,dst=10.1.1.1,sport=2,dport=1)"
#define GOOD "tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=2)" REPLY
    static const char *const bad[] = {
        "",
        "\n",
        "tcp",
        "TCP,orig=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=2)" REPLY,
        "256,orig=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=2)" REPLY,
        "tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=2)",
        "tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=65536,dport=2)" REPLY,
        "tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=,dport=2)" REPLY,
        "tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=-1,dport=2)" REPLY,
        "tcp,orig=(src=10.1.1.1,dst=10.1.1.2,id=1,type=8,code=0)" REPLY,
        "tcp,orig=(src=10.1.1.1,dst=2001:db8::1,sport=1,dport=2)" REPLY,
        "tcp,orig=(src=10.1.1.256,dst=10.1.1.2,sport=1,dport=2)" REPLY,
        "tcp,orig=(src=,dst=10.1.1.2,sport=1,dport=2)" REPLY,
        "tcp,orig=(src=2001:db8::1,dst=2001:db8::2,sport=1,dport=2)" REPLY,
        "icmp,orig=(src=10.1.1.1,dst=10.1.1.2,id=1,type=256,code=0),reply=(src=10.1.1.2,dst=10.1.1.1,id=1,type=0,code=0)",
        "Unsupported address family: 3. HEX:",
        GOOD ",",
        GOOD ",zone",
        GOOD ",zone=",
        GOOD ",zone=65536",
        GOOD ",zone=1,zone=2",
        GOOD ",zone=1 ",
        GOOD ",labels=0x",
        GOOD ",labels=1",
        GOOD ",mark=4294967296",
        GOOD ",mark=1,mark=1",
        GOOD ",labels=0x1,labels=0x1",
        GOOD ",labels=0x123456789012345678901234567890123",
        GOOD ",labels=0xg",
        GOOD ",protoinfo=(state=ESTABLISHED",
        GOOD ",protoinfo=(state=)",
        GOOD ",protoinfo=(state=AVERYLONGSTATETHATISNONE)",
        GOOD ",new=(a=(b)",
        GOOD ",new=a)",
        GOOD ",=1",
        GOOD "x",
    };
    struct zw_ct_entry e;

    CU_ASSERT_EQUAL(zw_ct_parse(GOOD, &e), 0);
    CU_ASSERT_EQUAL(zw_ct_parse(GOOD ",new_one=7,other=(x=(1),y=2),zone=3", &e), 0);
    CU_ASSERT_EQUAL(e.ct_zone, 3);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        if (zw_ct_parse(bad[i], &e) != EINVAL) {
            printf("# accepted: %s\n", bad[i]);
            CU_FAIL("accepted");
        }
    }
}

/* Each line, cut anywhere, in a buffer of just its size, for the sanitizer to see a read behind it.  Only a cut between
 * two fields leaves something that can be an entry. */
static void test_truncations(void)
{
    struct zw_ct_entry e;

    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        size_t must = (size_t)(strstr(strstr(lines[i], "reply="), ")") - lines[i]);

        for (size_t n = 0; n < strlen(lines[i]); n++) {
            char *cut = xmemdup0(lines[i], n);

            if (!zw_ct_parse(cut, &e)) {
                CU_ASSERT_TRUE(n > must);
            }
            free(cut);
        }
    }
}

static void test_mutations(void)
{
    static const char alphabet[] = "(),=.:0123456789abcdefxgz\n\x80 -";
    struct zw_ct_entry e;

    random_set_seed(20261);
    for (int i = 0; i < 100000; i++) {
        char *line = xstrdup(lines[random_range(ARRAY_SIZE(lines))]);
        int n = 1 + random_range(4);

        while (n--) {
            line[random_range((int)strlen(line))] = alphabet[random_range(sizeof alphabet - 1)];
        }
        int error = zw_ct_parse(line, &e);
        CU_ASSERT_TRUE(!error || error == EINVAL);
        free(line);
    }
}

static void random_tuple(struct ct_dpif_tuple *tuple, uint16_t l3_type, uint8_t proto)
{
    memset(tuple, 0, sizeof *tuple);
    tuple->l3_type = l3_type;
    tuple->ip_proto = proto;
    random_bytes(&tuple->src, l3_type == AF_INET ? 4 : 16);
    random_bytes(&tuple->dst, l3_type == AF_INET ? 4 : 16);
    tuple->src_port = (OVS_FORCE ovs_be16)random_uint16();
    if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) {
        tuple->icmp_type = random_uint8();
        tuple->icmp_code = random_uint8();
    } else {
        tuple->dst_port = (OVS_FORCE ovs_be16)random_uint16();
    }
}

static void random_entry(struct ct_dpif_entry *entry)
{
    static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_SCTP, 47, 255};
    uint8_t proto = protos[random_range(ARRAY_SIZE(protos))];
    uint16_t l3_type = random_range(2) ? AF_INET : AF_INET6;

    memset(entry, 0, sizeof *entry);
    random_tuple(&entry->tuple_orig, l3_type, proto);
    random_tuple(&entry->tuple_reply, l3_type, proto);
    random_tuple(&entry->tuple_parent, random_range(2) ? l3_type : 0, proto);
    entry->counters_orig.packets = random_range(2);
    entry->counters_orig.bytes = entry->counters_orig.packets * random_uint64();
    entry->zone = random_range(2) ? random_uint16() : 0;
    entry->mark = random_range(2) ? random_uint32() : 0;
    entry->id = random_uint32();
    entry->timestamp.start = random_range(2) ? random_uint64() / 2 : 0;
    entry->status = random_uint32() & (CT_DPIF_STATUS_MASK);
    if (random_range(2)) {
        entry->labels.u64.hi = random_uint64() >> random_range(64);
        entry->labels.u64.lo = random_uint64();
    }
    if (proto == IPPROTO_TCP || proto == IPPROTO_SCTP) {
        entry->protoinfo.proto = proto;
        entry->protoinfo.tcp.state_orig = CT_DPIF_TCPS_ESTABLISHED;
    }
}

static bool same_tuple(const struct zw_packet_key *key, const struct ct_dpif_tuple *tuple)
{
    size_t n = tuple->l3_type == AF_INET ? 4 : 16;

    return key->proto == tuple->ip_proto && key->src.family == (n == 4 ? ZW_IPV4 : ZW_IPV6) &&
           !memcmp(key->src.bytes, &tuple->src, n) && !memcmp(key->dst.bytes, &tuple->dst, n);
}

/* What libopenvswitch prints, in each of its ways, is read back. */
static void test_reads_what_ovs_prints(void)
{
    struct ct_dpif_entry entry;

    random_set_seed(20262);
    for (int i = 0; i < 20000; i++) {
        struct ds s = DS_EMPTY_INITIALIZER;
        struct zw_ct_entry e;
        bool verbose = random_range(2), stats = random_range(2);

        random_entry(&entry);
        ct_dpif_format_entry(&entry, &s, verbose, stats);
        if (zw_ct_parse(ds_cstr(&s), &e)) {
            printf("# not read: %s\n", ds_cstr(&s));
            CU_FAIL("not read");
            ds_destroy(&s);
            return;
        }
        ovs_be128 label = hton128(entry.labels);
        CU_ASSERT_TRUE(same_tuple(&e.key, &entry.tuple_orig));
        CU_ASSERT_EQUAL(e.ct_zone, entry.zone);
        CU_ASSERT_EQUAL(e.mark, entry.mark);
        CU_ASSERT_EQUAL(memcmp(e.label, &label, 16), 0);
        CU_ASSERT_EQUAL(e.orig_bytes, stats ? entry.counters_orig.bytes : 0);
        ds_destroy(&s);
    }
}

ZW_TEST_MAIN({"a TCP entry", test_tcp}, {"entries of other protocols", test_other_protocols},
             {"counters and details", test_counters_and_details},
             {"a line ends at a newline", test_line_ends_at_newline}, {"malformed lines are rejected", test_rejects},
             {"cut lines", test_truncations}, {"changed lines", test_mutations},
             {"all that libopenvswitch prints is read", test_reads_what_ovs_prints})
