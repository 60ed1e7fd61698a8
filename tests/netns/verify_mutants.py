#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""verify_mutants.py POLICY: changes the wall in the kernel as another tool would, one way after the
other, and looks whether reading it back finds that. Nobody mends it meanwhile: the wall is loaded by
verify-once, not by an engine. Prints lines for report() of lab.sh."""
import os
import re
import subprocess
import sys

sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/lib')
# pylint: disable=wrong-import-position
from labpy import HELPERS, note, report, sanitized

POLICY = sys.argv[1]
WALL, WIRE = 'inet sallyport', 'netdev sallyport'


# What a mutant does: each gives a script for nft -f. A rule is known by its text in the wall as
# `sallyport ruleset` prints it.

def nft(*lines):
    return lambda: list(lines)


def delete(table, chain, text):
    return lambda: [f'delete rule {table} {chain} handle {handle(table, chain, text)}']


def edit(table, chain, text, old, new):
    """That rule, old in it replaced by new. As it is what nft makes of our text must be our rule."""
    def script(as_it_is=False):
        before = rule(table, chain, text)
        return [f'replace rule {table} {chain} handle {handle(table, chain, text)} '
                f'{before if as_it_is else replaced(before, old, new)}']
    script.is_edit = True
    return script


def edit_once(table, chain, text, old, new):
    """The same of a rule that nft cannot write just as it is, or not on every kernel."""
    return lambda: [f'replace rule {table} {chain} handle {handle(table, chain, text)} '
                    f'{replaced(rule(table, chain, text), old, new)}']


def swap(table, chain, text, other):
    def script():
        a, b = rule(table, chain, text), rule(table, chain, other)
        return [f'replace rule {table} {chain} handle {handle(table, chain, text)} {b}',
                f'replace rule {table} {chain} handle {handle(table, chain, other)} {a}']
    return script


def base(chain, declaration):
    """A base chain made anew, with the same rules."""
    return lambda: [f'flush chain {WALL} {chain}', f'delete chain {WALL} {chain}',
                    f'add chain {WALL} {chain} {{ {declaration}; }}',
                    # not every kernel has nft's own queue; that rule says it in another way
                    *(f'add rule {WALL} {chain} {r}' for r in RULES[WALL, chain]
                      if 'queue num' not in r)]


def add(name, element, table=WALL):
    return nft(f'add element {table} {name} {{ {element} }}')


def remove(name, element, table=WALL):
    return nft(f'delete element {table} {name} {{ {element} }}')


def change(name, old, new):
    return nft(f'delete element {WALL} {name} {{ {old} }}', f'add element {WALL} {name} {{ {new} }}')


# What means the same as before: each packet is judged as it was, so there is nothing to find but by
# comparison.
MEANS_THE_SAME = {
    'a rule behind the drop',               # no packet comes so far
    'two rules of a door swapped',          # both refuse
    'a confined program more',              # no rule asks about one without a [namespace]
    'one with doors less',                  # no service on ::1 is such a user's anyway
}

# What it is, what must be said of it by comparison, what is done.
MUTANTS = [
    # rules: away, more, elsewhere
    ('a rule deleted', r'chain output, rule 6: should be `meta skuid .* is `counter',
     delete(WALL, 'output', 'goto new')),
    ('the explicit drop deleted', r'chain output, rule 7: should be .*, is not there',
     delete(WALL, 'output', 'counter name "ownerless" drop')),
    ('the drop of input deleted', r'chain input, rule 11: .*is not there',
     delete(WALL, 'input', 'counter name "input" drop')),
    ('a chain emptied', r'chain door, rule 1: .*is not there', nft(f'flush chain {WALL} door')),
    ('a rule in front of all', r'chain output, rule 1: .*, is `accept`',
     nft(f'insert rule {WALL} output accept')),
    ('a rule in front of refusals', r'chain refuse, rule 1: .*, is `accept`',
     nft(f'insert rule {WALL} refuse accept')),
    ('a rule behind the drop', r'chain output, rule 8: is one too many, `accept`',
     nft(f'add rule {WALL} output accept')),
    ('an accept for one uid', r'chain new, rule 1: .*, is `meta skuid 1000 accept`',
     nft(f'insert rule {WALL} new meta skuid 1000 accept')),
    ('two rules swapped', r'chain output, rule 1: .*is `meta nfproto ipv6 goto ipv6`',
     swap(WALL, 'output', 'ct state', 'goto ipv6')),
    ('two rules of a door swapped', r'chain door, rule 4: .*is `meta l4proto != @door_protocols',
     swap(WALL, 'door', 'fib daddr type', '@door_protocols')),
    ('two rules of a LAN swapped', r'chain lan, rule 3: .*, is `goto admit_lan`',
     swap(WALL, 'lan', '@streams', 'goto admit_lan')),
    # rules: what they match
    ('a match wider by a field', r'chain related, rule 1: .*, is `meta l4proto @telling accept`',
     edit(WALL, 'related', 'oif "lo"', 'oif "lo" ', '')),
    ('a match without its uid', r'chain input, rule 10: .*, is `meta l4proto tcp ct mark set',
     edit(WALL, 'input', '@tors', 'meta skuid @tors ', '')),
    ('equal became not equal', r'chain input, rule 1: .*, is `iif != "lo" accept`',
     edit(WALL, 'input', 'iif "lo"', 'iif "lo"', 'iif != "lo"')),
    ('not equal became equal', r'chain flow_tor, rule 1: .*, is `meta skuid 4294967295',
     edit(WALL, 'flow_tor', 'meta skuid !=', 'meta skuid !=', 'meta skuid')),
    ('a uid off by one', r'chain output, rule 6: .*!= 4294967294',
     edit(WALL, 'output', 'goto new', '4294967295', '4294967294')),
    ('a port off by one', r'chain input, rule 5: .*th sport 54',
     edit(WALL, 'input', 'th sport 53', 'th sport 53', 'th sport 54')),
    ('a mark off by one', r'chain input, rule 4: .*ct mark 0x01000001',
     edit(WALL, 'input', 'meta l4proto tcp accept', '0x01000000', '0x01000001')),
    ('a mask off by one bit', r'chain output, rule 5: .*ct mark & 0xfc000000',
     edit(WALL, 'output', 'goto flow_lease', '& 0xfe000000', '& 0xfc000000')),
    ('a mask of state off by one bit', r'chain door, rule 7: .*ct state & 10 == 0',
     edit(WALL, 'door', 'ct state & new', 'ct state & new', 'ct state & 0xa')),
    ('a mask of flags without ACK', r'chain admit_lan, rule 3: .*tcp flags & 7 != syn',
     edit(WALL, 'admit_lan', 'tcp flags', '(fin | syn | rst | ack)', '0x7')),
    ('a network wider by a bit', r'chain nat_output, rule 1: .*127.128.0.0/9',
     edit(WALL, 'nat_output', '@automaps', '127.192.0.0/10', '127.128.0.0/9')),
    ('another type of address', r'chain door, rule 4: .*fib daddr type != local',
     edit(WALL, 'door', 'fib daddr type', 'unicast', 'local')),
    ('the source instead of the destination', r'rule 4 of chain door: expression "fib"',
     edit(WALL, 'door', 'fib daddr type', 'fib daddr', 'fib saddr')),
    ('the source\'s port instead of the destination\'s', r'chain lan, rule 3: .*th sport @refuse',
     edit(WALL, 'lan', '@streams', 'th dport', 'th sport')),
    ('the flow\'s answer instead of its question', r'rule 1 of chain redirected: expression "ct"',
     nft(f'insert rule {WALL} redirected meta l4proto tcp ct reply proto-dst 53 accept')),
    ('a link by its name', r'rule 1 of chain input: expression "cmp"',
     edit(WALL, 'input', 'iif "lo"', 'iif', 'iifname')),
    ('a confined program more', r'set namespaces holds what the policy does not grant: '
     r'"veth9", 10.0.0.2, 10.0.0.1, tcp, 22',
     add('namespaces', '"veth9" . 10.0.0.2 . 10.0.0.1 . tcp . 22')),
    ('another set', r'chain nat_output, rule 1: .*meta skuid @doors redirect',
     edit(WALL, 'nat_output', '@automaps', '@automaps', '@doors')),
    ('a set of its own', r'set __set0 of table inet sallyport is none of ours',
     edit(WALL, 'nat_output', '@automaps', '@automaps', '{ 0, 1000 }')),
    ('in became not in', r'chain door, rule 3: .*ct mark != @leases accept',
     edit(WALL, 'door', '@leases', '@leases', '!= @leases')),
    ('not in became in', r'chain door, rule 6: .*meta l4proto @door_protocols',
     edit(WALL, 'door', '@door_protocols', '!= @', '@')),
    ('a range instead of a value', r'rule 5 of chain input: expression "(range|cmp)"',
     edit(WALL, 'input', 'th sport 53', 'th sport 53', 'th sport 53-54')),
    ('bits turned over', r'rule 1 of chain output: expression "bitwise"',
     nft(f'insert rule {WALL} output ct mark set ct mark ^ 0x1')),
    # rules: what they do
    ('accept instead of goto', r'chain output, rule 6: .*, is `meta skuid != 4294967295 accept`',
     edit(WALL, 'output', 'goto new', 'goto new', 'accept')),
    ('accept instead of drop', r'chain forward, rule 1: .*, is `counter name "forward" accept`',
     edit(WALL, 'forward', 'drop', 'drop', 'accept')),
    ('jump instead of goto', r'rule 6 of chain output: expression "immediate"',
     edit(WALL, 'output', 'goto new', 'goto new', 'jump new')),
    ('return', r'rule 1 of chain refuse: expression "immediate"', nft(f'insert rule {WALL} refuse return')),
    ('goto another chain', r'chain output, rule 6: .*, is `meta skuid != 4294967295 goto lan`',
     edit(WALL, 'output', 'goto new', 'goto new', 'goto lan')),
    ('a rule that does nothing any more', r'chain new, rule 2: .*type != unicast`',
     edit(WALL, 'new', 'unicast', r' counter.*', '')),
    ('not counted', r'chain forward, rule 1: .*, is `drop`',
     edit(WALL, 'forward', 'drop', 'counter name "forward" ', '')),
    ('counted as something else', r'chain forward, rule 1: .*, is `counter name "input" drop`',
     edit(WALL, 'forward', 'drop', '"forward"', '"input"')),
    ('a counter without a name', r'rule 1 of chain forward: expression "counter" is none',
     edit(WALL, 'forward', 'drop', 'counter name "forward"', 'counter')),
    ('another reason', r'chain new, rule 4: .*meta mark set 0x0000000c',
     edit(WALL, 'new', '"internet"', 'set 0x0000000b', 'set 0x0000000c')),
    ('a mark of another kind', r'chain admit_lan, rule 4: .*ct mark set 0x03000000 accept`',
     edit(WALL, 'admit_lan', 'ct mark set', '0x02000000', '0x03000000')),
    ('a lease\'s mark from elsewhere', r'chain door, rule 9: .*, is `ct mark set 0x04123456 accept',
     edit(WALL, 'door', 'map @grants', 'meta skuid map @grants', '0x04123456')),
    ('every time is the first', r'chain probe, rule 10: .*add @spent { ct mark timeout 1m }',
     edit_once(WALL, 'probe', '@spent', r'update @spent.*', 'add @spent { ct mark timeout 1m } accept')),
    ('twice is once', r'rule 10 of chain probe: expression "dynset"',
     edit_once(WALL, 'probe', '@spent', 'burst 1', 'burst 2')),
    ('once a day is once', r'rule 10 of chain probe: expression "dynset"',
     edit_once(WALL, 'probe', '@spent', '1/week', '1/day')),
    ('a budget without a limit', r'chain probe, rule 10: .*',
     edit_once(WALL, 'probe', '@spent', r'update @spent.*', 'accept')),
    ('an answer is not held back', r'chain input, rule 7: .*queue num 5141`, is `.*accept`',
     edit_once(WALL, 'input', 'queue num', 'queue num 5141', 'accept')),
    ('redirected to another port', r'chain nat_output, rule 1: .*redirect to :9041',
     edit(WALL, 'nat_output', '@automaps', ':9040', ':9041')),
    ('redirected to no port', r'rule 1 of chain nat_output: expression "redir"',
     edit(WALL, 'nat_output', '@automaps', ' to :9040', '')),
    ('redirected at random', r'rule 1 of chain nat_output: expression "redir"',
     edit(WALL, 'nat_output', '@automaps', ':9040', ':9040 random')),
    ('refused otherwise', r'rule 2 of chain reject_now: expression "reject"',
     edit(WALL, 'reject_now', 'icmpx', 'admin-prohibited', 'port-unreachable')),
    ('another log group', r'rule 3 of chain refuse: expression "log"',
     edit(WALL, 'refuse', 'meta nfproto ipv6', 'group 5140', 'group 5141')),
    ('another log prefix', r'rule 3 of chain refuse: expression "log"',
     edit(WALL, 'refuse', 'meta nfproto ipv6', 'prefix "sallyport"', 'prefix "x"')),
    ('a log that waits', r'rule 3 of chain refuse: expression "log" has an attribute',
     edit(WALL, 'refuse', 'meta nfproto ipv6', 'snaplen 64', 'snaplen 64 queue-threshold 9')),
    ('a limit raised', r'chain refuse, rule 3: .*limit rate 2/second',
     edit(WALL, 'refuse', 'meta nfproto ipv6', 'rate 1/', 'rate 2/')),
    ('a limit of minutes', r'rule 3 of chain refuse: expression "limit"',
     edit(WALL, 'refuse', 'meta nfproto ipv6', '/second', '/minute')),
    ('a larger burst', r'chain refuse, rule 3: .*burst 6 packets',
     edit(WALL, 'refuse', 'meta nfproto ipv6', 'burst 5', 'burst 6')),
    ('a limit turned over', r'rule 3 of chain refuse: expression "limit"',
     edit(WALL, 'refuse', 'meta nfproto ipv6', 'limit rate', 'limit rate over')),
    ('remembered for longer', r'rule 2 of chain refuse: expression "dynset"',
     edit(WALL, 'refuse', 'add @reported', 'timeout 1m', 'timeout 2m')),
    ('remembered anew', r'rule 2 of chain refuse: expression "dynset"',
     edit(WALL, 'refuse', 'add @reported', 'add @', 'update @')),
    ('an expression of somebody else', r'rule 1 of chain output: expression "quota" is none of ours',
     nft(f'insert rule {WALL} output quota over 1 mbytes accept')),
    ('another mark of the admitted', r'rule 1 of chain admitted: expression "meta"',
     edit(WALL, 'admitted', 'meta mark set', '0x73616c79', '0x73616c7a')),
    # chains
    ('a policy that accepts', r'chain output has policy accept, not drop',
     nft(f'chain {WALL} output {{ policy accept; }}')),
    ('another priority', r'chain output hooks at priority 5, not 0',
     base('output', 'type filter hook output priority 5; policy drop')),
    ('another hook', r'chain input hooks at place 0, not 1',
     base('input', 'type filter hook prerouting priority 0; policy drop')),
    ('another type', r'chain output is of type route, not filter',
     base('output', 'type route hook output priority 0; policy drop')),
    ('a base chain that hooks nowhere', r'chain forward hooks nowhere',
     nft(f'flush chain {WALL} forward', f'delete chain {WALL} forward', f'add chain {WALL} forward')),
    ('a base chain away', r'chain forward is not there',
     nft(f'flush chain {WALL} forward', f'delete chain {WALL} forward')),
    ('a chain more', r'chain stranger of table inet sallyport is none of ours',
     nft(f'add chain {WALL} stranger')),
    ('a jump to a chain more', r'chain stranger of table inet sallyport is none of ours',
     nft(f'add chain {WALL} stranger', f'add rule {WALL} stranger accept',
         f'insert rule {WALL} output jump stranger')),
    ('a base chain more, into ours', r'chain stranger of table inet sallyport is none of ours',
     nft(f'add chain {WALL} stranger {{ type filter hook output priority -1; policy accept; }}',
         f'add rule {WALL} stranger goto admit_lan')),
    # sets
    ('a service more', r'set services holds what the policy does not grant: uid 1000, 127.0.0.1, tcp, 22',
     add('services', '1000 . 127.0.0.1 . tcp . 22')),
    ('a service for one user more', r'set services holds .*: uid 65534, 127.0.0.1, tcp, 9050',
     add('services', '65534 . 127.0.0.1 . tcp . 9050')),
    ('a service less', r'set services lacks what it should hold: uid 42, 127.0.0.1, tcp, 9050',
     remove('services', '42 . 127.0.0.1 . tcp . 9050')),
    ('many services more', r'set services_wide holds .*, 127.0.0.4, tcp, 1-65535',
     add('services_wide', '3892510720 . 127.0.0.4 . tcp . 1-65535')),
    ('an IPv6 service more', r'set services6 holds .*: uid 1000, tcp, 22',
     add('services6', '1000 . tcp . 22')),
    ('a server more', r'set servers holds .*: uid 1000, 127.0.0.1, tcp, 9050',
     add('servers', '1000 . 127.0.0.1 . tcp . 9050')),
    ('one more who is Tor', r'set owners holds .*: uid 1000: goto tor', add('owners', '1000 : goto tor')),
    ('a door that is Tor', r'set owners holds uid 902: goto tor, and should hold uid 902: goto door',
     change('owners', '902', '902 : goto tor')),
    ('a door forgotten', r'set owners lacks .*: uid 902: goto door', remove('owners', '902')),
    ('a verdict for an owner', r'set owners has an element that is not as any of ours',
     add('owners', '1000 : accept')),
    ('a verdict for all owners', r'set owners has an element that is not as any of ours',
     add('owners', '* : goto tor')),
    ('a flow more', r'set flows holds .*: 0x00000000: goto flow_tor', add('flows', '0 : goto flow_tor')),
    ('one more with doors', r'set doors holds .*: uid 1000', add('doors', '1000')),
    ('one with doors less', r'set doors lacks .*: uid 902', remove('doors', '902')),
    ('one more of Tor', r'set tors holds .*: uid 1000', add('tors', '1000')),
    ('one more for automap', r'set automaps holds .*: uid 65534', add('automaps', '65534')),
    ('one more for DNS', r'set resolvers holds .*: uid 65534', add('resolvers', '65534')),
    ('a LAN more', r'set lan_ranges holds .*: 8.0.0.0-8.255.255.255', add('lan_ranges', '8.0.0.0/8')),
    ('a LAN wider', r'set lan_ranges .*192.0.0.0-192.255.255.255',
     change('lan_ranges', '192.168.0.0/16', '192.0.0.0/8')),
    ('a LAN to the end', r'set lan_ranges holds .*: 224.0.0.0-255.255.255.255',
     add('lan_ranges', '224.0.0.0/3')),
    ('no LAN', r'set lan_ranges lacks', nft(f'flush set {WALL} lan_ranges')),
    ('a refused port less', r'set refuse_stream lacks .*: 53', remove('refuse_stream', '53')),
    ('a refused port of UDP less', r'set refuse_datagram lacks .*: 1900', remove('refuse_datagram', '1900')),
    ('a refused port more', r'set refuse_stream holds .*: 80', add('refuse_stream', '80')),
    ('a claimed port less', r'set claimed lacks .*: 631', remove('claimed', '631')),
    ('no streams', r'set streams lacks', nft(f'flush set {WALL} streams')),
    ('a protocol more for doors', r'set door_protocols holds .*: icmp', add('door_protocols', 'icmp')),
    ('a protocol more that tells', r'set telling holds .*: udp', add('telling', 'udp')),
    ('a grant more', r'set grants holds what no lease accounts for: uid 907: 0x04000007',
     add('grants', '907 timeout 9s : 0x04000007')),
    ('a grant with another mark', r'set grants holds what no lease accounts for: uid 902: 0x04000007',
     change('grants', '902', '902 timeout 9s : 0x04000007')),
    ('a lease more', r'set leases holds what no lease accounts for: uid 907, 0x04000007',
     add('leases', '907 . 0x04000007 timeout 9s')),
    ('a live mark more', r'set live holds what no lease accounts for: 0x04000007',
     add('live', '0x04000007 timeout 9s')),
    ('a reach more', r'set scoped holds what no lease accounts for: uid 907, 198.51.100.21, tcp, 80',
     add('scoped', '907 . 198.51.100.21 . tcp . 80 timeout 9s : 0x05654321')),
    ('a reach by another port', r'set scoped holds what no lease accounts for: uid 907, 198.51.100.20',
     add('scoped', '907 . 198.51.100.20 . tcp . 25 timeout 9s : 0x05654321')),
    ('a reach of another', r'set scoped holds what no lease accounts for: uid 902, 198.51.100.20',
     add('scoped', '902 . 198.51.100.20 . tcp . 80 timeout 9s : 0x05654321')),
    ('a reach less', r'set scoped lacks what it should hold: uid 907, 198.51.100.20, tcp, 80',
     remove('scoped', '907 . 198.51.100.20 . tcp . 80')),
    ('a reach for ever', r'set scoped holds for another time than it should: uid 907, 198.51.100.20',
     change('scoped', '907 . 198.51.100.20 . tcp . 80',
            '907 . 198.51.100.20 . tcp . 80 : 0x05654321')),
    ('a full scope for who has a smaller one', r'set grants holds what no lease accounts for: uid 907',
     add('grants', '907 timeout 9s : 0x05654321')),
    ('a narrow door more', r'set narrow holds what no lease accounts for: uid 902',
     add('narrow', '902 timeout 9s')),
    ('a narrow door less', r'set narrow lacks what it should hold: uid 907', remove('narrow', '907')),
    ('a mark that lives for ever', r'set live holds for another time than it should: 0x04123456',
     change('live', '0x04123456', '0x04123456')),
    ('a mark that lives for long', r'set live holds for another time than it should: 0x04123456',
     change('live', '0x04123456', '0x04123456 timeout 1h')),
    ('a lease\'s mark less', r'set live lacks what it should hold: 0x04123456',
     remove('live', '0x04123456')),
    ('a connected network more', r'set on_link holds what is not connected: 10.0.0.0-10.255.255.255',
     add('on_link', '10.0.0.0/8')),
    ('a connected network less', r'set on_link lacks .*: 192.168.77.0-192.168.77.255',
     remove('on_link', '192.168.77.0/24')),
    ('a set with other flags', r'set automaps has flags 0x10, not 0',
     nft(f'flush chain {WALL} nat_output', f'flush chain {WALL} redirected',
         f'delete set {WALL} automaps', f'add set {WALL} automaps {{ type uid; flags timeout; }}')),
    ('a set with other keys', r'the keys of set automaps are not of our size',
     nft(f'flush chain {WALL} nat_output', f'flush chain {WALL} redirected',
         f'delete set {WALL} automaps', f'add set {WALL} automaps {{ type inet_service; }}')),
    ('a set that is full soon', r'set automaps has other fields than ours, or another size',
     nft(f'flush chain {WALL} nat_output', f'flush chain {WALL} redirected',
         f'delete set {WALL} automaps', f'add set {WALL} automaps {{ type uid; size 5; }}')),
    ('a set away', r'set automaps is not there',
     nft(f'flush chain {WALL} nat_output', f'flush chain {WALL} redirected',
         f'delete set {WALL} automaps')),
    ('a set more', r'set stranger of table inet sallyport is none of ours',
     nft(f'add set {WALL} stranger {{ type uid; }}')),
    # objects and tables
    ('a counter away', r'counter forward is not there',
     nft(f'flush chain {WALL} forward', f'delete counter {WALL} forward')),
    ('an object more', r'object stranger of table inet sallyport is none of ours',
     nft(f'add quota {WALL} stranger {{ over 1 mbytes }}')),
    ('the table asleep', r'table inet sallyport is asleep', nft(f'add table {WALL} {{ flags dormant; }}')),
    ('the table away', r'table inet sallyport is not there', nft(f'delete table {WALL}')),
    # the second wall
    ('the second wall away', r'table netdev sallyport is not there', nft(f'delete table {WIRE}')),
    ('the second wall: a rule deleted', r'chain egress, rule 2: should be',
     delete(WIRE, 'egress', '"egress_forged"')),
    ('the second wall: a rule in front', r'chain egress, rule 1: .*, is `accept`',
     nft(f'insert rule {WIRE} egress accept')),
    ('the second wall: accept for drop', r'chain egress, rule 9: .*"egress_other" accept',
     edit(WIRE, 'egress', '"egress_other"', 'drop', 'accept')),
    ('the second wall: any route', r'chain egress_bare, rule 1: .*meta mark @admitted accept',
     edit(WIRE, 'egress_bare', 'rtclassid', ' meta rtclassid 0', '')),
    ('the second wall: another route', r'chain egress_bare, rule 1: .*meta rtclassid != 0 accept',
     edit(WIRE, 'egress_bare', 'rtclassid', 'rtclassid 0', 'rtclassid != 0')),
    ('the second wall: a mark more', r'set admitted lets through .*: 0x00000001',
     add('admitted', '0x1', WIRE)),
    ('the second wall: its mark for a while', r'set admitted lets through .*: 0x00000001',
     add('admitted', '0x1 timeout 1s', WIRE)),
    ('the second wall: its mark less', r'set admitted lacks .*: 0x73616c79',
     remove('admitted', '0x73616c79', WIRE)),
    ('the second wall: an ARP operation more', r'set arp_operations holds',
     add('arp_operations', '3', WIRE)),
    ('a link\'s chain away', r'link eth0 has no chain of the second wall',
     nft(f'flush chain {WIRE} link_eth0', f'delete chain {WIRE} link_eth0')),
    ('a link\'s chain emptied', r'chain link_eth0 does not go to egress',
     nft(f'flush chain {WIRE} link_eth0')),
    ('a link\'s chain accepts', r'chain link_eth0 has policy accept, not drop',
     nft(f'chain {WIRE} link_eth0 {{ policy accept; }}')),
    ('a link\'s chain accepts first', r'chain link_eth0 does more than to go',
     nft(f'insert rule {WIRE} link_eth0 accept')),
    ('a link\'s chain goes elsewhere', r'chain link_eth0 does not go to egress',
     nft(f'flush chain {WIRE} link_eth0', f'add rule {WIRE} link_eth0 goto egress_bare')),
    ('a link\'s chain at another link', r'chain link_eth0 hooks at far, not eth0',
     nft(f'flush chain {WIRE} link_eth0', f'delete chain {WIRE} link_eth0',
         f'add chain {WIRE} link_eth0 {{ type filter hook egress device "far" priority 0; policy drop; }}',
         f'add rule {WIRE} link_eth0 goto egress')),
    ('a link\'s chain more', r'chain link_lo is for no link that is to be covered',
     nft(f'add chain {WIRE} link_lo {{ type filter hook egress device "lo" priority 0; policy drop; }}',
         f'add rule {WIRE} link_lo goto egress')),
]

# What is no change of the wall.
HARMLESS = [
    ('nothing', nft()),
    ('a table of somebody else that accepts before ours',
     nft('add table inet stranger',
         'add chain inet stranger c { type filter hook output priority -1; policy accept; }',
         'add rule inet stranger c accept')),
    ('what was reported', add('reported', '1 . 1.2.3.4 . tcp . 5 timeout 9s')),
    ('a comment', edit(WALL, 'forward', 'drop', 'drop', 'drop comment "hello"')),
    ('counters', nft(f'reset counters table {WALL}')),
]


def run(*command, text=None):
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def verify_once(what):
    return run(f'{HELPERS}/verify-once', POLICY, what)


def our_rules():
    """(table, chain) -> its rules, as `sallyport ruleset` prints them."""
    rules, table, chain = {}, None, None
    for line in run('sallyport', 'ruleset', POLICY).stdout.splitlines():
        line = re.sub(r' # [^"]*$', '', line.strip())
        if line.startswith('table '):
            table = line.split(' {')[0].removeprefix('table ')
        elif line.startswith('chain '):
            chain = line.split()[1]
            rules[table, chain] = []
        elif line == '}':
            chain = None
        elif chain and line.endswith(':'):
            continue  # says why the next one is in a comment
        elif chain and not line.startswith('type '):
            rules[table, chain].append(line.removeprefix('# '))
    return rules


def position(table, chain, text):
    return next(i for i, r in enumerate(RULES[table, chain]) if text in r)


def rule(table, chain, text):
    return RULES[table, chain][position(table, chain, text)]


def handle(table, chain, text):
    """Of the rule in the kernel, where our rules are in the same order."""
    listed = run('nft', '-a', 'list', 'chain', *table.split(), chain).stdout
    handles = re.findall(r'# handle (\d+)$', listed, re.MULTILINE)[-len(RULES[table, chain]):]
    return handles[position(table, chain, text)]


def replaced(text, old, new):
    changed = re.sub(old, new, text) if old.endswith('.*') else text.replace(old, new)
    assert changed != text, f'{old} is not in {text}'
    return changed


def mutate(script):
    """'' or what nft says."""
    if not script:
        return ''
    result = run('nft', '-f', '-', text='\n'.join(script) + '\n')
    return '' if result.returncode == 0 else result.stderr or 'nft failed'


def judged():
    """What verify-once says: judge -> sentence."""
    result = verify_once('check')
    if result.returncode:
        return {'comparison': result.stderr}
    return dict(line.split(': ', 1) for line in result.stdout.splitlines() if ': ' in line)


def harmless(what, script):
    failed = mutate(script)
    said = failed or judged()['comparison']
    report(said == 'same', f'no change: {what}', said)
    run('nft', 'delete', 'table', 'inet', 'stranger')


RULES = our_rules()
# Beside a sanitizer each takes ten times as long, and what they find is the same.
mutants = MUTANTS[::8] if sanitized() and not os.environ.get('VERIFY_ALL') else MUTANTS
loaded = verify_once('load')
report(loaded.returncode == 0, 'the wall is loaded', loaded.stderr)
for name, make in HARMLESS:
    verify_once('load')
    harmless(name, make())

unfair, found = [], {'comparison': 0, 'proof': 0}
for name, expected, make in mutants:
    verify_once('load')
    if hasattr(make, 'is_edit') and (mutate(make(True)) or judged()['comparison'] != 'same'):
        unfair.append(f'{name}: {judged()["comparison"]}')
    script_failed = mutate(make())
    if script_failed:
        report(False, f'mutant: {name}', script_failed)
        continue
    said = judged()
    report(bool(re.search(expected, said['comparison'])), f'found by comparison: {name}',
           said['comparison'])
    if name in MEANS_THE_SAME:
        report(said['proof'] == 'proved', f'means the same: {name}', said['proof'])
    else:
        report(said['proof'] != 'proved', f'found by proof: {name}', said['proof'])
    found['comparison'] += said['comparison'] != 'same'
    found['proof'] += said['proof'] != 'proved'
report(MEANS_THE_SAME <= {m[0] for m in MUTANTS}, 'what means the same is a mutant')
report(not unfair, 'a rule replaced by itself is no mutant', '\n'.join(unfair))
for judge, n in found.items():
    note(f'found by {judge}: {n} of {len(mutants)}')
