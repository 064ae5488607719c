package io.drumline.ops;

import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({DrainProperties.class, RebalanceProperties.class})
class OpsConfiguration {}
