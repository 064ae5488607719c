-- Stores blocks again that a node knows of and Redis has lost (eviction, a restart without its
-- data, a failover); those that are there stay as they are.
--
-- KEYS[1]  revoked, as in revoke.lua
-- ARGV[1]  epoch to begin, where there is none
-- ARGV[2]  number of changes that the node has seen of this epoch
-- ARGV[3]  most blocks
-- ARGV[.]  then of each block: subject, time of its end, reason
--
-- Returns the version, and how many it has stored.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local version = redis.call('HGET', KEYS[1], '@e') or ''
local epoch, number = string.match(version, '^99999999999999%-(%w+)%-(%d+)$')
number = math.max(tonumber(number or 0), tonumber(ARGV[2])) + 1
version = '99999999999999-' .. (epoch or ARGV[1]) .. '-' .. string.format('%.0f', number)
redis.call('HSET', KEYS[1], '@e', version)
local stored = 0
local room = ARGV[3] + 2 - redis.call('HLEN', KEYS[1])
for i = 4, #ARGV, 3 do
  if room > 0 and tonumber(ARGV[i + 1]) > now and not redis.call('HGET', KEYS[1], ARGV[i]) then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1] .. ' ' .. ARGV[i + 2])
    room = room - 1
    stored = stored + 1
  end
end
return {version, stored}
