-- Renews the lease of one run of a node, and returns the other nodes that are alive.
--
-- KEYS[1]  nodes: hash, a field for each run: the end of its lease in milliseconds of Redis' clock,
--          a space, and its entry; and in the field @g the highest generation of a shared session
--          that any node has assigned, or the latest time, whichever is higher
-- ARGV[1]  incarnation of the run
-- ARGV[2]  duration of the lease, milliseconds
-- ARGV[3]  entry of the run
-- ARGV[4]  maximum number of other nodes in the answer
-- ARGV[5]  maximum number of expired leases that one call removes
-- ARGV[6]  highest generation that the node knows
--
-- Returns 1 if the run had a lease or 0, and the highest generation; then for each other node that
-- is alive: incarnation, milliseconds until its lease ends, entry.

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

-- The key expires when all nodes have gone.
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return answer
