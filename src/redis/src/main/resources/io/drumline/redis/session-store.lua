-- Stores positions of a shared session and renews its time to live, unless another connection has
-- opened it since.
--
-- KEYS[1]  session, as in session-open.lua
-- ARGV[1]  generation of the connection
-- ARGV[2]  user
-- ARGV[3]  incarnation of the connection's node
-- ARGV[4]  time to live, milliseconds
-- ARGV[5]  number of the update, increasing within this generation
-- ARGV[6]  number of the update that it follows; 0 if its positions replace all others
-- ARGV[7]  number of destinations to remove: they follow
-- ARGV[.]  then destinations, each with its position
--
-- Returns 0 if it was opened since; 1 if it is stored; 2 if nothing is stored because the update
-- does not follow the stored one: Redis has lost that or reverted to an earlier state, or a later
-- update is already stored and this one is late.

-- Anything that is not a number of ours counts as 0, as in session-open.lua.
local function number(text)
  return text and string.match(text, '^%d+$') and #text < 16 and tonumber(text) or 0
end

local session = redis.call('HMGET', KEYS[1], 'g', 's')
local generation, last = number(session[1]), number(session[2])
local mine, update, follows = tonumber(ARGV[1]), tonumber(ARGV[5]), tonumber(ARGV[6])
if generation > mine then
  return 0
end
if generation < mine then
  last = -1
end
if last >= update or follows > 0 and last ~= follows then
  return 2
end
if follows == 0 then
  redis.call('DEL', KEYS[1])
end
redis.call('HSET', KEYS[1], 'u', ARGV[2], 'g', ARGV[1], 'n', ARGV[3], 's', ARGV[5])
local stored = 8 + ARGV[7]
for i = 8, stored - 1 do
  redis.call('HDEL', KEYS[1], ARGV[i])
end
for i = stored, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
