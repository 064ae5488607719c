package io.drumline.ops;

import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Draining on SIGTERM or {@code POST /actuator/drain}. A supervisor that kills the process must
 * wait for grace and window, and 15 seconds more.
 *
 * @param grace Time between refusing new clients and closing the first socket, for load balancers
 *     to notice.
 * @param window Time over which the sockets are closed, at an even rate.
 */
@Validated
@ConfigurationProperties(value = "drumline.drain", ignoreUnknownFields = false)
record DrainProperties(
    @DefaultValue("5s") @DurationMin @DurationMax(hours = 1) Duration grace,
    @DefaultValue("30s") @DurationMin @DurationMax(hours = 24) Duration window) {}
