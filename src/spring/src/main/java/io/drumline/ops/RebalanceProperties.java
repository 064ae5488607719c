package io.drumline.ops;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Moves clients to nodes that joined later. Off by default.
 *
 * @param enabled Whether a node that has more clients than the mean of the cluster closes some, for
 *     load balancers to spread them anew.
 * @param rate Sockets a second that one node closes for it.
 * @param tolerance Share of the mean by which a node may be above it before it does; then it goes
 *     down to the mean.
 * @param settle For how long no node may have come, gone or drained before; and how long clients
 *     have to come back before the node looks whether they went elsewhere.
 * @param minAge Age below which a socket is left where it is: its client has just been moved, or
 *     has just come. The oldest go first.
 * @param maxAge Age at which a socket is closed at the latest; unset: never.
 * @param jitter Share of that age over which sockets that came at once are closed, evenly, so that
 *     they do not come back at once.
 */
@Validated
@ConfigurationProperties(value = "drumline.rebalance", ignoreUnknownFields = false)
record RebalanceProperties(
    @DefaultValue("false") boolean enabled,
    @DefaultValue("20") @Min(1) @Max(10_000) int rate,
    @DefaultValue("0.1") @DecimalMin("0.01") @DecimalMax("10") double tolerance,
    @DefaultValue("30s") @DurationMin(seconds = 1) @DurationMax(hours = 1) Duration settle,
    @DefaultValue("1m") @DurationMin @DurationMax(days = 30) Duration minAge,
    @Nullable @DurationMin(seconds = 1) @DurationMax(days = 30) Duration maxAge,
    @DefaultValue("0.2") @DecimalMin("0.1") @DecimalMax("1") double jitter) {}
