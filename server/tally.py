"""Counting in the queue's Valkey: what came how often in the last minutes, the same for every web process.

A count is a nicety: when Valkey is away nothing is counted, and who asks is told so at once.
"""

import time
from collections.abc import Sequence

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

log = structlog.get_logger()
REST_S = 5.0
"""Seconds for which a Valkey that did not answer is not asked again: reports must not wait for it."""
PATIENCE_S = 0.25
Ask = tuple[str, Sequence[str]]
"""What is counted once, by its name, and under which keys."""

_COUNT = """
local window, out, at = ARGV[1], {}, 3
for _ = 1, tonumber(ARGV[2]) do
  local once, size = KEYS[1] .. 'o:' .. ARGV[at], tonumber(ARGV[at + 1])
  local is_new = redis.call('SET', once, 1, 'NX', 'EX', window)
  for n = at + 2, at + 1 + size do
    local key, count = KEYS[1] .. ARGV[n], 0
    if is_new then
      count = redis.call('INCR', key)
      if count == 1 then redis.call('EXPIRE', key, window) end
    else
      count = tonumber(redis.call('GET', key) or 0)
    end
    out[#out + 1] = count
  end
  at = at + 2 + size
end
return out
"""


class Tally:
    """Counts by key, each for `window_s` seconds from its first."""

    def __init__(self, url: str, name: str, window_s: int) -> None:
        never = Retry(NoBackoff(), 0)
        self._client = redis.Redis.from_url(
            url, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S, retry=never
        )
        self._script = self._client.register_script(_COUNT)
        self._name, self._window_s = f"{name}:tally:", window_s
        self._rests_until = 0.0

    def count(self, asks: Sequence[Ask]) -> list[list[int]] | None:
        """For each ask the counts of its keys with itself, once however often it is asked; None without Valkey."""
        if time.monotonic() < self._rests_until:
            return None
        arguments: list[str | int] = [self._window_s, len(asks)]
        for once, keys in asks:
            arguments += [once, len(keys), *keys]
        try:
            found = iter(self._script(keys=[self._name], args=arguments))
        except (redis.RedisError, OSError) as error:
            self._rests_until = time.monotonic() + REST_S
            log.warning("nothing_counted", kind=type(error).__name__)
            return None
        return [[next(found) for _ in keys] for _, keys in asks]
