-- Stores changed positions of a shared session and keeps it for another time to live, unless
-- another socket has opened it since.
--
-- KEYS[1]  session, as in session-open.lua
-- ARGV[1]  generation of the socket
-- ARGV[2]  user
-- ARGV[3]  incarnation of the socket's node
-- ARGV[4]  time to live, milliseconds
-- ARGV[5]  how many destinations are forgotten: they follow
-- ARGV[.]  then changed destinations, each with its position
--
-- Returns 0 if it was opened since, 1 if it is stored, 2 if this is now all that is stored.

-- What is no generation of ours counts as none, as in session-open.lua.
local text = redis.call('HGET', KEYS[1], 'g') or ''
local generation = string.match(text, '^%d+$') and #text < 16 and tonumber(text) or 0
local mine = tonumber(ARGV[1])
if generation > mine then
  return 0
end
if generation < mine then
  -- Redis has lost the session, or went back to before this socket.
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'u', ARGV[2], 'g', ARGV[1], 'n', ARGV[3])
end
local changed = 6 + ARGV[5]
for i = 6, changed - 1 do
  redis.call('HDEL', KEYS[1], ARGV[i])
end
for i = changed, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return generation < mine and 2 or 1
