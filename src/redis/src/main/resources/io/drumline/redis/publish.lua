-- Gives a message its place in its destination's order, stores it and publishes it.
--
-- KEYS[1]  meta: hash of the destination's order
--            e  epoch        o  last offset        i  last id
--            b  bytes of envelopes ever stored
--            l  how many of them may be stored before the bounds are looked after again
--            w  when that is due otherwise
--            p:<publisher>  sequence number of the publisher's last message here
--            r:<publisher>  sequence number and offset of its last one that was found again
-- KEYS[2]  stream: entry <offset>-0 of v (envelope), t (time), b (bytes stored before it)
-- KEYS[3]  what the publisher's own id was answered, if it gave one
--          Only the first need be given: the others have the same name but for its end. A Redis that
--          takes over a slot wants all given keys to be there, and those it refuses are new ones.
-- ARGV[1]  epoch to begin, where the destination has none
-- ARGV[2]  id of the message
-- ARGV[3]  the envelope from the id on (see Envelope)
-- ARGV[4]  most messages to keep; 0 for none
-- ARGV[5]  most bytes to keep
-- ARGV[6]  longest time to keep a message, ms
-- ARGV[7]  p:<publisher>, a publisher being one run of a node
-- ARGV[8]  sequence number, growing with every message that the publisher sends; microseconds
-- ARGV[9]  where it was sent before and its answer lost: how long ago at most, ms; else empty
-- ARGV[10] seconds to remember the publisher's own id
-- ARGV[11] the publisher's own id; empty where it gave none
-- ARGV[12] channel, where its name is not that of the keys: in another database than 0
--
-- Times are Redis' own, in ms: the clocks of nodes differ. Numbers are formatted here, since Redis
-- itself does it slowly.
--
-- Returns the epoch and the offset, and the id where it is an earlier message's; an empty epoch
-- where the message is stored already, but its place cannot be told any more. The error OVERTAKEN
-- where it is not stored and will not be: a later message of the publisher is stored already, so
-- this command came late, on a connection that the publisher has given up, or was overtaken.

local format = string.format
local base = string.sub(KEYS[1], 1, -2)
local stream = KEYS[2] or base .. 's'
local published = KEYS[3] or ARGV[11] and ARGV[11] ~= '' and base .. 'i:' .. ARGV[11]

if published then
  local known = redis.call('GET', published)
  if known then
    local epoch, offset, id = string.match(known, '^(%S+) (%S+) (%S+)$')
    return {epoch, tonumber(offset), id}
  end
end

local meta = redis.call('HMGET', KEYS[1], 'e', 'o', 'i', 'b', 'l', 'w', ARGV[7])
-- Without a last id where the epoch was begun and Redis refused the rest.
local epoch, last, previous, before =
    meta[1], tonumber(meta[2] or 0), meta[3] or '', meta[4] or '0'
local time = redis.call('TIME')
local now = time[1] * 1000 + (time[2] - time[2] % 1000) / 1000

-- The first entry at or behind an offset: its offset, its time, bytes before it.
local function at(offset)
  local entry = redis.call('XRANGE', stream, format('%d', offset), '+', 'COUNT', 1)[1]
  if entry then
    return tonumber(string.match(entry[1], '^%d+')),
        tonumber(entry[2][4]) or 0, tonumber(entry[2][6]) or 0
  end
end

if epoch and meta[7] and tonumber(meta[7]) >= tonumber(ARGV[8]) then
  local overtaken = {err = 'OVERTAKEN by a later message of its publisher'}
  if ARGV[9] == '' then return overtaken end

  -- It was sent before, and is stored unless it was overtaken. Where: not before it was first
  -- sent, and behind what was found again before it.
  local since, upto, from = now - ARGV[9], last, 1
  local hint = 'r' .. string.sub(ARGV[7], 2)
  local sequence, found = string.match(redis.call('HGET', KEYS[1], hint) or '', '^(%d+) (%d+)$')
  if sequence and tonumber(sequence) < tonumber(ARGV[8]) then from = found + 1 end
  while from < upto do
    local middle = math.floor((from + upto) / 2)
    local offset, stored = at(middle)
    if offset and stored < since then from = offset + 1 else upto = middle end
  end
  local begun, size = from, #ARGV[3]
  local function search(first, behind)
    local count = 1
    while first < behind do
      local entries = redis.call('XRANGE', stream, format('%d', first), format('%d', behind - 1),
          'COUNT', count)
      if #entries == 0 then return end
      for _, entry in ipairs(entries) do
        first = tonumber(string.match(entry[1], '^%d+'))
        if string.sub(entry[2][2], -size) == ARGV[3] then return first end
      end
      first = first + 1
      count = math.min(2 * count, 64)
    end
  end
  -- The second time where Redis' clock was set meanwhile.
  local offset = search(begun, last + 1) or search(math.max(begun - 4096, 1), begun)
  if offset then
    redis.call('HSET', KEYS[1], hint, ARGV[8] .. ' ' .. format('%d', offset))
    return {epoch, offset}
  end
  if previous == ARGV[2] then return {epoch, last} end
  -- All that was stored since it was first sent is still there, and it is not among it.
  local oldest, stored = at(1)
  if oldest and (oldest == 1 or stored < since) then return overtaken end
  return {'', 0}
end

if not epoch then
  -- What a stream still holds without its meta is of an epoch that nobody knows any more.
  epoch, previous = ARGV[1], ''
  -- HSET first: Redis looks at maxmemory before the first write only, and not before DEL.
  redis.call('HSET', KEYS[1], 'e', epoch)
  redis.call('DEL', stream)
end

local offset = last + 1
local id = format('%d', offset)
local envelope = struct.pack('>I1I1c0I8I1c0',
    1, #epoch, epoch, offset, #previous, previous) .. ARGV[3]
local keeps, stored = ARGV[4] ~= '0', before + 0
local hour = 3600000
-- Later than in an hour is it only where Redis' clock was set back.
local pending = tonumber(meta[6] or 0) - now
local due = pending <= 0 or pending > hour

if keeps then
  stored = stored + #envelope
  due = due or stored > tonumber(meta[5] or 0)
  local text = format('%d', now)
  local function add()
    return redis.pcall('XADD', stream, 'NOMKSTREAM', 'MAXLEN', '~', ARGV[4], id,
        'v', envelope, 't', text, 'b', before)
  end
  local added = add()
  if type(added) == 'table' and string.find(added.err, 'equal or smaller', 1, true) then
    -- Somebody else has written ahead of the order: that goes.
    repeat
      local foreign = redis.call('XRANGE', stream, format('%d-1', last), '+', 'COUNT', 64)
      for _, entry in ipairs(foreign) do redis.call('XDEL', stream, entry[1]) end
    until #foreign == 0
    redis.call('XSETID', stream, format('%d-0', last))
    added = add()
  end
  if type(added) == 'table' then return added end
  -- Answers nothing where there is no stream.
  if not added then
    redis.call('XADD', stream, id, 'v', envelope, 't', text, 'b', before)
    due = true
  end
end
redis.call('HSET', KEYS[1], 'o', id, 'i', ARGV[2], 'b', format('%d', stored), ARGV[7], ARGV[8])
if published then
  redis.call('SET', published, epoch .. ' ' .. id .. ' ' .. ARGV[2], 'EX', ARGV[10])
end

-- Seldom: an eighth more of bytes and of time than is to be kept may stay.
if due then
  local pause, expiry, limit = hour, 7 * 24 * hour, 0
  if keeps then
    local most, age = tonumber(ARGV[5]), tonumber(ARGV[6])
    local first, begun, bytes = at(1)
    if stored - bytes > most or now - begun > age then
      -- The newest message stays, however large it is.
      local gone, kept = first, offset
      bytes = before
      while kept - gone > 1 do
        local middle = math.floor((gone + kept) / 2)
        local found, foundBegun, foundBytes = at(middle)
        if stored - foundBytes > most or now - foundBegun > age then
          gone = found
        else
          kept, bytes = middle, foundBytes
        end
      end
      redis.call('XTRIM', stream, 'MINID', format('%d', kept))
    end
    limit = bytes + most + most / 8
    pause = math.min(age / 8, hour)
    redis.call('PEXPIRE', stream, format('%d', age + 2 * pause))
    expiry = math.max(expiry, age + 3 * pause)
  end
  redis.call('HSET', KEYS[1], 'l', format('%d', limit), 'w', format('%d', now + pause))
  redis.call('PEXPIRE', KEYS[1], format('%d', expiry))
  -- Publishers that have not been heard of for an hour, by Redis' clock and by this publisher's, are
  -- gone, or have nothing to send again.
  if redis.call('HLEN', KEYS[1]) > 64 then
    local oldest = (math.min(now, ARGV[8] / 1000) - hour) * 1000
    local fields = redis.call('HGETALL', KEYS[1])
    for i = 1, #fields, 2 do
      local kind = string.sub(fields[i], 1, 2)
      if kind == 'r:' or kind == 'p:' and tonumber(fields[i + 1]) < oldest then
        redis.call('HDEL', KEYS[1], fields[i])
      end
    end
  end
end

redis.call('PUBLISH', ARGV[12] or base .. 'c', envelope)
return {epoch, offset}
