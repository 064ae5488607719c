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
 * How nodes that came later get their share of clients. All of it is off unless set.
 *
 * @param enabled Whether a node that has more clients than the mean of the cluster closes some, for
 *     load balancers to spread them anew.
 * @param rate Sockets a second that one node closes for it.
 * @param tolerance Share of the mean by which a node may be above it before it does; then it goes
 *     down to the mean.
 * @param settle For how long no node may have come, gone or drained before.
 * @param maxAge Age at which a socket is closed at the latest; unset: never.
 * @param jitter Share of that age by which sockets may be closed earlier, at random.
 */
@Validated
@ConfigurationProperties(value = "drumline.rebalance", ignoreUnknownFields = false)
record RebalanceProperties(
    @DefaultValue("false") boolean enabled,
    @DefaultValue("20") @Min(1) @Max(10_000) int rate,
    @DefaultValue("0.1") @DecimalMin("0.01") @DecimalMax("10") double tolerance,
    @DefaultValue("30s") @DurationMin(seconds = 1) @DurationMax(hours = 1) Duration settle,
    @Nullable @DurationMin(seconds = 1) @DurationMax(days = 30) Duration maxAge,
    @DefaultValue("0.2") @DecimalMin("0") @DecimalMax("1") double jitter) {}
