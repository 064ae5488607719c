package org.example.shop;

import org.springframework.stereotype.Component;

/** Where the water goes. */
@Component
class Drain {}
