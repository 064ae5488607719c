-- Renews the lease of one run of a node, and tells who else is alive.
--
-- KEYS[1]  nodes: hash, a field for each run: the end of its lease, milliseconds of Redis' clock, a
--          space, and what it says of itself; and in the field @g the highest generation of a
--          shared session that any of them has given, or the latest time, whatever is higher
-- ARGV[1]  incarnation of the run
-- ARGV[2]  length of the lease, milliseconds
-- ARGV[3]  what it says of itself
-- ARGV[4]  most others in the answer
-- ARGV[5]  most ended leases that one call drops
-- ARGV[6]  highest generation that the node knows
--
-- Returns 1 if the run had a lease or 0, and the highest generation; then of each other that is
-- alive: incarnation, milliseconds until its lease ends, what it says of itself.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = {0, math.max(now, ARGV[6])}
local others, dropped = 0, {}
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local run, value = fields[i], fields[i + 1]
  local ends, said = string.match(value, '^(%d+) (.*)$')
  if run == '@g' then
    if string.match(value, '^%d+$') and #value < 16 then
      answer[2] = math.max(answer[2], value)
    end
  elseif not ends or #ends > 15 or tonumber(ends) <= now then
    if #dropped < tonumber(ARGV[5]) then
      table.insert(dropped, run)
    end
  elseif run == ARGV[1] then
    answer[1] = 1
  elseif others < tonumber(ARGV[4]) then
    others = others + 1
    table.insert(answer, run)
    table.insert(answer, ends - now)
    table.insert(answer, said)
  end
end
if #dropped > 0 then
  redis.call('HDEL', KEYS[1], unpack(dropped))
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f ', now + ARGV[2]) .. ARGV[3],
    '@g', string.format('%.0f', answer[2]))

-- Where all nodes are gone, so is the key.
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return answer
