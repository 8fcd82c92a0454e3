"""The Redis store's keys, and its changes as Lua scripts: each is atomic in the server and costs one round trip.

    entry:<id>                     the record, with the entry's time to live
    seen:<id>                      a list of [score, right]: what was learnt about serving the entry
    exact:<scope>:<hash>           tier → id
    kept                           id → where the entry stands, so that it can be removed from everywhere
    used, ends                     ids by last use and by end, in seconds
    bytes, changes, born           bytes kept, changes ever made, and a mark that a flushed server loses
    vectors:<embedder>:<scope>     a vector set, where the server has them; the elements have no end of their own
    rows:<embedder>:<scope>        else: id → a row of small numbers,
    order:<embedder>:<scope>       and the ids by the change that brought them

All begin with PREFIX, which carries the version of this layout. What runs out here is swept by later writes.
"""

from __future__ import annotations

from hashlib import blake2b

PREFIX = "llmswitch:v1:"

_FORGET = """
local P = ARGV[1]
local function forget(id)
  local kept = redis.call('HGET', P .. 'kept', id)
  redis.call('DEL', P .. 'entry:' .. id, P .. 'seen:' .. id)
  redis.call('ZREM', P .. 'used', id)
  redis.call('ZREM', P .. 'ends', id)
  if not kept then return 0 end
  redis.call('HDEL', P .. 'kept', id)
  local where = cjson.decode(kept)
  redis.call('DECRBY', P .. 'bytes', where.bytes)
  local exact = P .. 'exact:' .. where.prompt
  if redis.call('HGET', exact, where.tier) == id then redis.call('HDEL', exact, where.tier) end
  if where.vectors then redis.call('VREM', P .. 'vectors:' .. where.vectors, id) end
  if where.rows then
    redis.call('HDEL', P .. 'rows:' .. where.rows, id)
    redis.call('ZREM', P .. 'order:' .. where.rows, id)
  end
  return 1
end
"""

REMOVE = (
    _FORGET
    + """
local removed = 0
for at = 2, #ARGV do
  local lived = redis.call('EXISTS', P .. 'entry:' .. ARGV[at])
  forget(ARGV[at])
  removed = removed + lived
end
return removed
"""
)
"""Arguments: prefix, ids. Returns how many of them lived."""

PUT = (
    _FORGET
    + """
local id, record, where, vector, extra = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local now, ends, limit, mark = tonumber(ARGV[7]), ARGV[8], tonumber(ARGV[9]), ARGV[10]
redis.call('SET', P .. 'born', mark, 'NX')
for _, over in ipairs(redis.call('ZRANGEBYSCORE', P .. 'ends', '-inf', now, 'LIMIT', 0, 100)) do forget(over) end
local kept = cjson.decode(where)
local exact = P .. 'exact:' .. kept.prompt
local old = redis.call('HGET', exact, kept.tier)
if old then forget(old) end
forget(id)
local until_ms = math.ceil(tonumber(ends) * 1000)
redis.call('SET', P .. 'entry:' .. id, record, 'PXAT', until_ms)
local left = redis.call('PTTL', exact)
redis.call('HSET', exact, kept.tier, id)
if left < until_ms - now * 1000 then redis.call('PEXPIREAT', exact, until_ms) end
redis.call('HSET', P .. 'kept', id, where)
redis.call('ZADD', P .. 'ends', ends, id)
redis.call('ZADD', P .. 'used', now, id)
local change = redis.call('INCR', P .. 'changes')
if kept.vectors then redis.call('VADD', P .. 'vectors:' .. kept.vectors, 'FP32', vector, id, 'SETATTR', extra) end
if kept.rows then
  redis.call('HSET', P .. 'rows:' .. kept.rows, id, vector)
  redis.call('ZADD', P .. 'order:' .. kept.rows, change, id)
end
local bytes = redis.call('INCRBY', P .. 'bytes', kept.bytes)
while bytes > limit do
  local victims = redis.call('ZRANGE', P .. 'used', 0, 0)
  if #victims == 0 or victims[1] == id then break end
  forget(victims[1])
  bytes = tonumber(redis.call('GET', P .. 'bytes'))
end
return 1
"""
)
"""Arguments: prefix, id, record, where it stands (JSON), vector (float32 for a vector set, else a row), a vector set's
attributes (JSON), now, the entry's end, bytes that may be kept, a fresh mark for `born`."""

OBSERVE = """
local P, id = ARGV[1], ARGV[2]
local left = redis.call('PTTL', P .. 'entry:' .. id)
if left < 1 then return 0 end
redis.call('RPUSH', P .. 'seen:' .. id, ARGV[3])
redis.call('LTRIM', P .. 'seen:' .. id, -256, -1)
redis.call('PEXPIRE', P .. 'seen:' .. id, left)
return 1
"""
"""Arguments: prefix, id, the observation (JSON)."""


def space_of(embedder: str, scope: str) -> str:
    """Names the vectors of one embedder in one scope: they never meet others."""
    return f"{blake2b(embedder.encode(), digest_size=8).hexdigest()}:{scope}"
